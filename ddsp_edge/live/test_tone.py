"""Signals that are played over everything to test the way out and back; the control thread's."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.units import db_to_gain
from native.rig import Rig

TONE_DBFS = -20.0
LOWEST_HZ, HIGHEST_HZ, LONGEST_S = 20.0, 20_000.0, 60.0
RAMP_S = 0.02
SIDES = {"left": (1.0, 0.0), "right": (0.0, 1.0), "both": (1.0, 1.0)}


@dataclass(eq=False)
class TestSignal:
    """A mono signal, and room for what comes in meanwhile; done when it has been played."""

    __test__ = False  # pytest: no test

    signal: np.ndarray  #: (n,) float32
    sides: tuple[float, float] = (1.0, 1.0)
    heard: np.ndarray | None = None  #: (n, 2) float32
    future: Future[None] = field(default_factory=Future)


def tone(rate: int, hz: float, seconds: float) -> np.ndarray:
    """A sine of TONE_DBFS that fades in and out. Raises UserError."""
    top = min(HIGHEST_HZ, 0.45 * rate)
    if not LOWEST_HZ <= hz <= top:
        raise UserError(f"test tone: {hz:g} Hz; choose {LOWEST_HZ:g} to {top:g}")
    if not 2 * RAMP_S <= seconds <= LONGEST_S:
        raise UserError(f"test tone: {seconds:g} s; choose {2 * RAMP_S:g} to {LONGEST_S:g}")
    sound = db_to_gain(TONE_DBFS) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return faded(sound, RAMP_S, rate).astype(np.float32)


def faded(sound: np.ndarray, seconds: float, rate: int) -> np.ndarray:
    """``sound`` with both ends ramped (raised cosine), in place."""
    ramp = np.sin(np.linspace(0, np.pi / 2, round(seconds * rate))) ** 2
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return sound


def gains(side: str) -> tuple[float, float]:
    """Of left and right. Raises UserError."""
    if side not in SIDES:
        raise UserError(f"side {side[:40]!r}: choose one of {', '.join(SIDES)}")
    return SIDES[side]


class Tester:
    """One signal at a time; a newer one waits until the older has faded out."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._now: TestSignal | None = None
        self._next: TestSignal | None = None

    @property
    def sounds(self) -> bool:
        """Whether a test signal is playing; any thread may ask."""
        return self._now is not None

    def play(self, wanted: TestSignal) -> None:
        """Play a signal as soon as the one before has faded out."""
        self.end()
        self._next = wanted
        self.poll()

    def end(self) -> None:
        """Fade out what is played; what waits is not played."""
        waiting, self._next = self._next, None
        if waiting is not None:
            waiting.future.cancel()
        if self._now is not None:
            self._rig.end_test()

    def poll(self) -> None:
        """Now and then: what has ended, what may begin."""
        if not self._rig.test_done():
            return
        ended, self._now = self._now, None
        if ended is not None:
            ended.future.set_result(None)
        if self._next is not None:
            self._now, self._next = self._next, None
            self._rig.test(self._now.signal, self._now.sides, self._now.heard)

    def give_up(self) -> None:
        """Cancel what plays and what waits, as the rig has gone."""
        for each in (self._now, self._next):
            if each is not None and not each.future.done():
                each.future.cancel()
        self._now = self._next = None
