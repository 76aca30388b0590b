"""Python's garbage collection and lock, kept out of the music's way."""

from __future__ import annotations

import gc
import sys
import threading
import time

from ddsp_edge.live.timing import Histogram

#: Reference counting frees nearly everything; cycles (exceptions, futures) may wait this long.
EVERY_S = 2.0
#: A thread that computes gives Python's lock to the control thread within this; with Python's own
#: 5 ms a busy thread makes every second frame late (docs/latency.md).
SWITCH_S = 0.0001
_LOCK = threading.Lock()
_holders = 0
_switch_before_s = 0.0


def settle() -> None:
    """Move everything that lives now (modules, models) out of what collections look through:
    they have only the last seconds' objects left, and take microseconds."""
    gc.collect()
    gc.freeze()


class Collector:
    """While it is held, Python does not collect by itself; :meth:`idle` does, when it is time."""

    def __init__(self, took_ns: Histogram) -> None:
        self._took_ns = took_ns
        self._next_s = 0.0
        self._holding = False

    def hold(self) -> None:
        """No automatic collections from here on, and short turns for other threads."""
        global _holders, _switch_before_s
        with _LOCK:
            if not self._holding:
                self._holding = True
                if _holders == 0:
                    _switch_before_s = sys.getswitchinterval()
                    sys.setswitchinterval(SWITCH_S)
                    gc.disable()
                _holders += 1
        gc.freeze()  # the first model's settle() collects: what was imported left no garbage

    def release(self) -> None:
        """Back to what Python does by itself, when the last one lets go."""
        global _holders
        with _LOCK:
            if self._holding:
                self._holding = False
                _holders -= 1
                if _holders == 0:
                    sys.setswitchinterval(_switch_before_s)
                    gc.unfreeze()
                    gc.enable()

    def idle(self, now_s: float, quiet: bool) -> None:
        """Nothing is due: collect if it is time; thoroughly where nothing sounds."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        begun = time.monotonic_ns()
        gc.collect(2 if quiet else 0)
        self._took_ns.add(time.monotonic_ns() - begun)
