"""The envelope of the synth player in plain Python."""

from __future__ import annotations

import math

from ddsp_edge.settings import Settings

#: Curves are exponential, as a capacitor's: this many time constants count as "there".
TIME_CONSTANTS = 5.0
#: A note that is struck while more than DIP_ABOVE of the last one sounds dips to the share DIP
#: of that for DIP_S before it rises: else nobody would hear that it was struck again.
DIP_ABOVE, DIP, DIP_S = 0.35, 0.25, 0.005
ADSR = ("attack", "decay", "sustain", "release")
RELEASED = 1e-3  #: release takes its time from full level to this
SILENT = 1e-4


class Envelope:
    """Level 0..1 over time; each segment starts from the level that there is.

    Whoever asks may look a little ahead; an event may then come before that moment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stage, self._since, self._from = "silent", 0.0, 0.0

    def set(self, settings: Settings, time_s: float) -> None:
        """New times and levels: the segment begins again from the level that there is."""
        if any(getattr(settings, name) != getattr(self._settings, name) for name in ADSR):
            self._from, self._since = self.level(time_s), max(time_s, self._since)
        self._settings = settings

    def attack(self, time_s: float, legato: bool) -> float:
        """A note starts; a legato one goes on where the last one is. When it rises, seconds."""
        if legato and self._stage in ("attack", "decay"):
            return max(time_s, self._since)
        self._from, self._since = self.level(time_s), time_s
        self._stage = "attack"
        if self._from > DIP_ABOVE:
            self._from *= DIP
            self._since += DIP_S
        return self._since

    def release(self, time_s: float) -> None:
        """Every key is up."""
        if self._stage in ("attack", "decay"):
            self._from = self.level(time_s)
            self._stage, self._since = "release", time_s

    def stop(self) -> None:
        """Silence at once."""
        self._stage, self._from = "silent", 0.0

    @property
    def silent(self) -> bool:
        return self._stage == "silent"

    def level(self, time_s: float) -> float:
        """At a time not before the last event; moves on to the next segment when due."""
        s, t = self._settings, max(0.0, time_s - self._since)
        if self._stage == "attack" and t >= s.attack:
            self._since += s.attack
            self._stage, self._from, t = "decay", 1.0, t - s.attack
        if self._stage == "attack":
            return _toward(self._from, 1.0, t / s.attack)
        if self._stage == "decay":
            return _toward(self._from, s.sustain, t / s.decay)
        if self._stage == "release":
            # A straight line in decibels: 60 dB in the release time.
            level = self._from * RELEASED ** (t / s.release)
            if level > SILENT:
                return level
            self._stage = "silent"
        return 0.0


def _toward(start: float, end: float, part: float) -> float:
    """Exponential, and exactly at its end when ``part`` is 1."""
    done = -math.expm1(-TIME_CONSTANTS * min(part, 1.0)) / -math.expm1(-TIME_CONSTANTS)
    return start + (end - start) * done
