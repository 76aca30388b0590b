"""Tells the log of xruns: the sound card ran dry, or its input over, and the sound dropped out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: A box that drops out all the time must not fill its log.
LOOK_S = 30.0


class XrunLog:
    """For one thread. ``count`` returns the xruns since the start; it is asked every LOOK_S."""

    def __init__(
        self, count: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._clock = count, clock
        self._before, self._next_s = 0, clock() + LOOK_S

    def poll(self) -> None:
        """Log how many have come since the last look, where any have. Call it often."""
        now_s = self._clock()
        if now_s < self._next_s:
            return
        self._next_s = now_s + LOOK_S
        before, self._before = self._before, self._count()
        if (more := self._before - before) > 0:
            log.warning("%d xrun%s, %d since the start", more, "s"[: more > 1], self._before)
