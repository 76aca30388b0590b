"""Models are warmed here, beside the music; the newest wish wins."""

from __future__ import annotations

import logging
import queue
import threading
import time

from ddsp_edge.errors import UserError
from ddsp_edge.live.control_thread import Control
from ddsp_edge.live.gc_control import settle
from ddsp_edge.live.instrument import Place
from ddsp_edge.live.instruments import SOURCES
from ddsp_edge.live.requests import Wish, Wishes
from ddsp_edge.live.timing import Histogram

_LOG = logging.getLogger(__name__)


class Loader:
    """One thread, one model at a time; the next only when the last has begun to play."""

    def __init__(self, control: Control, wishes: Wishes, place: Place) -> None:
        self._control, self._wishes, self._place = control, wishes, place
        self._next: Wish | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self.loading: str | None = None  #: the name of the model that is being loaded
        self.took_ns = Histogram()  #: to build and warm an instrument
        self._thread = threading.Thread(target=self._run, name="ddsp-loader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cancel what was not begun, and end."""
        with self._changed:
            self._stopping = True
            waiting, self._next = self._next, None
            self._changed.notify()
        if waiting is not None:
            self._wishes.drop(waiting)
            waiting.future.cancel()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, wish: Wish) -> None:
        """Any thread. One that waited is overtaken: its future is cancelled."""
        with self._changed:
            overtaken, self._next = self._next, wish
            self._wishes.add(wish)
            self._changed.notify()
        if overtaken is not None:
            self._wishes.drop(overtaken)
            overtaken.future.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._stopping)
                if self._stopping:
                    return
                wish, self._next = self._next, None
            assert wish is not None
            if not wish.future.set_running_or_notify_cancel():  # its owner thought better of it
                self._wishes.drop(wish)
                continue
            self.loading = wish.bundle.info.name
            try:
                self._load(wish)
            except UserError as error:
                self._fail(wish, error)
            except Exception as error:  # whatever a runtime throws: the old model plays on
                _LOG.exception("while loading %s", wish.bundle.info.name)
                self._fail(wish, error)
            finally:
                self.loading = None

    def _load(self, wish: Wish) -> None:
        while not self._stopping:
            begun = time.monotonic_ns()
            source, settings = self._wishes.plan(wish)
            instrument = SOURCES[source](wish.bundle, settings, self._place, wish.other)
            settle()
            self.took_ns.add(time.monotonic_ns() - begun)
            answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
            self._control.post(self._control.enter, instrument, wish, answers.put)
            if answers.get():
                return

    def _fail(self, wish: Wish, error: Exception) -> None:
        self._wishes.drop(wish)
        self._control.events.publish(
            "fault", what="load", model=wish.bundle.info.name, detail=str(error)
        )
        wish.future.set_exception(error)
