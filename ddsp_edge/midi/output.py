"""A MIDI output port of our own, and connections from it to others' inputs."""

from __future__ import annotations

import fnmatch
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.midi.input import load_api
from ddsp_edge.midi.port_names import is_keyboard, plain_name

_LOG = logging.getLogger(__name__)

#: So many bursts may wait for the interface; more are lost, and all notes off follows.
MOST_WAITING = 512
#: Seconds between looks for destinations that have come or gone, or for the interface itself.
LOOK_S = 2.0

Messages = Sequence[Sequence[int]]


class MidiOutput:
    """Our port "heard", opened at the first message, in a thread of its own.

    ``api`` is "alsa", "jack" or "none". ``to``: patterns of names as in a shell; each input port of
    another program or device that one of them matches is connected to, also when it comes later.
    ``on_problem`` gets one line when the interface cannot be opened, and "" when it can again; it
    is called in the output's thread.
    """

    def __init__(
        self,
        api: str,
        to: Sequence[str] = (),
        name: str = "ddsp-edge",
        on_problem: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._api, self._to, self._name = api, tuple(to), name
        self._on_problem = on_problem
        self._waiting: queue.Queue[Messages | None] = queue.Queue(MOST_WAITING)
        self._lost = False
        self._own: Any = None
        self._others: dict[str, Any] = {}
        self._look_s = 0.0
        self._problem = ""
        self._lock = threading.Lock()  # of the start
        self._thread: threading.Thread | None = None

    def send(self, messages: Messages) -> None:
        """Send messages, each the bytes of one. Any thread; it never waits."""
        if self._api == "none":
            return
        if self._thread is None:
            self._start()
        try:
            self._waiting.put_nowait(messages)
        except queue.Full:
            self._lost = True

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ddsp-midi-out", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Send what waits, then close the port. Main thread."""
        if self._thread is None:
            return
        self._waiting.put(None)
        self._thread.join()
        self._thread = None

    def _run(self) -> None:
        try:
            while (messages := self._next()) is not None:
                self._look()
                for message in messages:
                    self._put(message)
        finally:
            for port in (self._own, *self._others.values()):
                if port is not None:
                    port.close_port()
                    port.delete()
            self._own, self._others = None, {}

    def _next(self) -> Messages | None:
        """The next burst; after some were lost, the end of all notes first."""
        if self._lost and self._waiting.empty():
            self._lost = False
            return [(0xB0 | channel, 123, 0) for channel in range(16)]
        try:
            return self._waiting.get(timeout=LOOK_S)
        except queue.Empty:
            return ()

    def _put(self, message: Sequence[int]) -> None:
        for port in (self._own, *self._others.values()):
            if port is not None:
                try:
                    port.send_message(list(message))
                except Exception as error:  # it has gone in this moment; the next look sees it
                    _LOG.debug("MIDI output: %s", error)

    # ---- the interface

    def _look(self) -> None:
        """Open what is to be open; not more often than LOOK_S."""
        now = time.monotonic()
        if now < self._look_s:
            return
        self._look_s = now + LOOK_S
        try:
            if self._own is None:
                port = self._open()
                port.open_virtual_port("heard")
                self._own = port
            if self._to:
                self._connect()
            problem = ""
        except UserError as error:
            problem = str(error)
        except Exception as error:  # rtmidi's own, of a module that may not be there
            problem = f"MIDI output over {self._api} cannot be opened: {error}"
        if problem != self._problem:
            self._problem = problem
            self._on_problem(problem)

    def _open(self) -> Any:
        rtmidi, number = load_api(self._api)
        return rtmidi.MidiOut(rtapi=number, name=f"{self._name}-out")

    def _connect(self) -> None:
        names = self._own.get_ports()
        wanted = [name for name in names if name and self._is_wanted(name)]
        for name in set(self._others) - set(wanted):
            port = self._others.pop(name)
            port.close_port()
            port.delete()
        for name in wanted:
            if name not in self._others:
                port = self._open()
                port.open_port(port.get_ports().index(name), "to")
                self._others[name] = port

    def _is_wanted(self, port: str) -> bool:
        """Whether one of the patterns matches a port that is neither ours nor a through port."""
        names = (port, plain_name(port))
        return is_keyboard(port, self._name) and any(
            fnmatch.fnmatchcase(name, pattern) for name in names for pattern in self._to
        )
