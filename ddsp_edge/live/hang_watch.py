"""Notices a control thread that hangs in a model, and has it replaced."""

from __future__ import annotations

import logging
import threading
import time

from ddsp_edge.live.control_thread import ControlThread

_LOG = logging.getLogger(__name__)

LOOK_S = 0.1  #: between looks
#: So many looks in a row at the same turn of the control thread, then it is replaced; until then
#: what is played goes on. Looks are counted, not seconds: a process that was stopped and continued
#: has not hung.
HUNG_LOOKS = 20
#: A turn that has taken this long, in seconds, will not come to a panic in time.
PANIC_S = 0.1


class HangWatch:
    """A thread of its own. A model that does not return holds the control thread for ever: nothing
    can end such a call, so the thread is left alone with it and another one goes on."""

    def __init__(self, control: ControlThread) -> None:
        self._control = control
        self._stopping = threading.Event()
        self._silent = False
        self._thread = threading.Thread(target=self._run, name="ddsp-hang-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def panic(self) -> None:
        """Mute at once where the control thread is too busy to do it. Any thread."""
        control = self._control
        began_s = control.turn_began_s
        if began_s is not None and time.monotonic() - began_s > PANIC_S:
            self._mute(True)

    def _mute(self, on: bool) -> None:
        self._silent = on
        self._control.mixer.mute_hung(on)

    def _run(self) -> None:
        looks, seen = 0, -1
        while not self._stopping.wait(LOOK_S):
            control = self._control
            turn, busy = control.turns, control.turn_began_s is not None
            looks = looks + 1 if busy and turn == seen else 0
            seen = turn
            if not looks and self._silent:
                self._mute(False)
            elif looks == HUNG_LOOKS:
                _LOG.error("the control thread hangs; it is replaced")
                control.replace_thread()
                looks = 0
