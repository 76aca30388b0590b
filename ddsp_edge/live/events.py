"""What the engine has to say by itself (cards, programs, faults), said in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
Listener = Callable[[Event], None]
_LOG = logging.getLogger(__name__)


class Events:
    """Listeners and the futures' callbacks run here: slow ones keep no sound waiting."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name="ddsp-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say what is left to say, then end. Not from a listener."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(2.0)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """``listener(event)`` from now on; call what is returned to end that. Any thread."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(x for x in self._listeners if x is not listener)

        return unsubscribe

    def publish(self, event: str, **facts: Any) -> None:
        """``{"event": event, **facts}`` to everyone, soon. Any thread; never waits."""
        self.tell({"event": event, **facts})

    def tell(self, event: Event) -> None:
        """Send an event that is already built, as :meth:`publish` does."""
        self._queue.put((self._tell, (event,)))

    def later(self, call: Callable[..., Any], *arguments: Any) -> None:
        """``call(*arguments)`` in the events' thread. Any thread; never waits."""
        self._queue.put((call, arguments))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # a broken display must not stop the music
                _LOG.exception("a listener failed at event %r", event.get("event"))

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            call, arguments = item
            try:
                call(*arguments)
            except Exception:
                _LOG.exception("a callback failed")
