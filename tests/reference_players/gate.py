"""The quiet end: a knee into silence, and a noise gate that does not chatter."""

from __future__ import annotations

from ddsp_edge.units import SILENCE_DB

#: Below KNEE_DB each decibel becomes two, so that room noise fades into silence
#: at (KNEE_DB + SILENCE_DB) / 2 without a switch that could flutter.
KNEE_DB = -60.0
#: The gate opens from closed within this, in seconds: within a hop, so that no attack is lost.
ATTACK_S = 0.005
#: Input must be softer than the lower threshold for so long, in seconds, before it closes.
HOLD_S = 0.06
#: It closes from open within this, in seconds.
RELEASE_S = 0.12


def knee(loudness_db: float) -> float:
    """Loudness with the quiet end pulled down into silence, SILENCE_DB and above."""
    if loudness_db < KNEE_DB:
        loudness_db = 2.0 * loudness_db - KNEE_DB
    return loudness_db if loudness_db > SILENCE_DB else SILENCE_DB


class Gate:
    """Opens at ``threshold_db``, closes ``hysteresis_db`` below it. Control thread.

    Both are positions of a ramp, so a new threshold makes no step either.
    """

    def __init__(self) -> None:
        self.set(SILENCE_DB, 0.0)
        self.reset()

    def set(self, threshold_db: float, hysteresis_db: float) -> None:
        """In dB re full scale; a threshold of SILENCE_DB lets everything through."""
        self._threshold = threshold_db
        self._lower = threshold_db - hysteresis_db
        self._off = threshold_db <= SILENCE_DB

    def reset(self) -> None:
        """Closed, as before the first sound; where there is no gate, open."""
        self.open = self._off
        self._below_s = 0.0
        self._openness = 1.0 if self._off else 0.0

    def step(self, loudness_db: float, dt_s: float) -> float:
        """What is taken off the loudness after ``dt_s`` more seconds, in dB: SILENCE_DB to 0."""
        if self._off or loudness_db >= self._threshold:
            self.open, self._below_s = True, 0.0
        elif loudness_db >= self._lower:
            self._below_s = 0.0
        elif self.open:
            self._below_s += dt_s
            self.open = self._below_s < HOLD_S
        if self.open:
            self._openness = min(1.0, self._openness + dt_s / ATTACK_S)
        else:
            self._openness = max(0.0, self._openness - dt_s / RELEASE_S)
        return SILENCE_DB * (1.0 - self._openness)
