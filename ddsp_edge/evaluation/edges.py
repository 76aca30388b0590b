"""How notes begin and end: how fast they rise and fall, and how much of it is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.motion import HeldNote

HOP_S = 0.005  #: of the levels that are measured here
#: Levels are means over so long, or over so many periods where that is longer.
WINDOW_S, PERIODS = 0.012, 1.5
#: A note rises from so far below its loudest to so far below, in dB: what comes after is its swell.
RISE_FROM_DB, RISE_TO_DB = 12.0, 6.0
#: Before it begins the note before must have died away by so much.
DETACHED_DB = 20.0
#: Noise is measured while it rises from so far below, and while it falls between two levels.
NOISE_FROM_DB, FALL_FROM_DB, FALL_TO_DB = 15.0, 5.0, 15.0
#: So long before a note, and after it, its beginning and end are looked for.
BEFORE_S, AFTER_S = 0.6, 1.0
#: A loudest moment later than this is a swell, no attack.
LOUDEST_S = 0.4
#: Pitches of a beginning are looked for so near to the note's.
NEAR = np.linspace(0.965, 1.035, 15)
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Edge:
    """How one note begins and ends; NaN where what is around it hides that.

    Noise is what does not repeat from period to period, a share of the power, beyond that of the
    note while it is held.
    """

    rise_s: float = _NAN  #: from 12 to 6 dB below the loudest of its first 0.4 s
    rise_noise: float = _NAN  #: from 15 to 6 dB below
    fall_s: float = _NAN  #: of 60 dB, at the rate between 5 and 15 dB below its end
    fall_noise: float = _NAN  #: between these


def edges_of(audio: np.ndarray, rate: int, notes: Sequence[HeldNote]) -> list[Edge]:
    """Measure the beginnings and ends of held notes of one recording, in their order."""
    ends_s = [-1.0, *(note.start_s + note.length_s for note in notes)]
    starts_s = [*(note.start_s for note in notes[1:]), len(audio) / rate]
    return [
        _Edges(audio, rate, note).between(end_s, start_s)
        for note, end_s, start_s in zip(notes, ends_s, starts_s, strict=False)
    ]


def medians(edges: Sequence[Edge]) -> Edge:
    """The medians of what is known; NaN where no note tells."""
    found = {}
    for name in Edge.__slots__:
        known = [value for each in edges if math.isfinite(value := getattr(each, name))]
        found[name] = float(np.median(known)) if known else _NAN
    return Edge(**found)


class _Edges:
    """The surroundings of one note."""

    def __init__(self, audio: np.ndarray, rate: int, note: HeldNote) -> None:
        self.rate = rate
        self.period = rate * 2.0 ** ((69.0 - note.pitch) / 12.0) / 440.0
        self.first_s = note.start_s - BEFORE_S
        self.start_s, self.end_s = note.start_s, note.start_s + note.length_s
        first = round(self.first_s * rate)
        heard = np.asarray(audio[max(0, first) : round((self.end_s + AFTER_S) * rate)], np.float64)
        self.silent = max(0, -first)  # before a recording begins there was silence
        self.audio = np.pad(heard, (self.silent, 0))
        self.level = self._levels()

    def _levels(self) -> np.ndarray:
        window = np.hanning(round(max(WINDOW_S * self.rate, PERIODS * self.period)) + 2)[1:-1]
        if len(self.audio) < len(window):
            return np.zeros(0)
        power = np.convolve(self.audio**2, window / window.sum(), "same")
        return 10.0 * np.log10(power[:: round(HOP_S * self.rate)] + 1e-12)

    def _hop(self, time_s: float) -> int:
        return min(max(0, round((time_s - self.first_s) / HOP_S)), max(0, len(self.level) - 1))

    def between(self, end_s: float, start_s: float) -> Edge:
        """Measure it; the note before ended at ``end_s``, the next starts at ``start_s``."""
        held = np.arange(self.start_s + 0.15, min(self.end_s - 0.08, self.start_s + 0.8), 0.03)
        if len(held) < 2 or self._hop(self.end_s) - self._hop(self.start_s) < 20:
            return Edge()
        steady = float(np.median([self._noise(time_s) for time_s in held]))
        return Edge(*self._rise(end_s, steady), *self._fall(start_s, steady))

    def _rise(self, end_s: float, steady: float) -> tuple[float, float]:
        first = self._hop(self.start_s)
        start = self.level[first : first + round(LOUDEST_S / HOP_S)]
        loudest = float(np.percentile(start, 90))
        top = first + int(np.argmax(start > loudest - 1.0))
        earliest = self._hop(end_s)

        def crossed(db: float) -> float:
            """Where it rises through a level for the last time, in hops; NaN: nowhere."""
            below = np.flatnonzero(self.level[earliest:top] < loudest - db)
            return self._between(earliest + int(below[-1]), loudest - db) if len(below) else _NAN

        begins, rises, risen = (crossed(db) for db in (NOISE_FROM_DB, RISE_FROM_DB, RISE_TO_DB))
        if not math.isfinite(crossed(DETACHED_DB)):
            return _NAN, _NAN
        return (risen - rises) * HOP_S, self._noise_between(int(begins), int(risen), steady)

    def _fall(self, start_s: float, steady: float) -> tuple[float, float]:
        last = self._hop(self.end_s)
        end = float(np.median(self.level[max(0, last - 30) : last + 1]))
        rest = self.level[max(0, last - 20) : self._hop(start_s) + 1]
        below = [np.flatnonzero(rest < end - db) for db in (FALL_FROM_DB, FALL_TO_DB)]
        if not all(len(each) for each in below):
            return _NAN, _NAN
        begins, ends = (max(0, last - 20) + int(each[0]) for each in below)
        if (
            min(begins, ends) == 0 or np.max(self.level[begins : ends + 1]) > end
        ):  # something else sounds
            return _NAN, _NAN
        share = 60.0 / (FALL_TO_DB - FALL_FROM_DB)
        fell = self._between(ends - 1, end - FALL_TO_DB)
        fell -= self._between(begins - 1, end - FALL_FROM_DB)
        return fell * HOP_S * share, self._noise_between(begins, ends, steady)

    def _between(self, hop: int, level_db: float) -> float:
        """Where between this hop and the next one a level is crossed, in hops."""
        here, there = self.level[hop], self.level[min(hop + 1, len(self.level) - 1)]
        if here == there:
            return float(hop)
        return hop + min(max(float((level_db - here) / (there - here)), 0.0), 1.0)

    def _noise_between(self, first: int, last: int, steady: float) -> float:
        hops = np.arange(first, max(last, first + 3) + 1)
        found = [
            self._noise(self.first_s + hop * HOP_S) for hop in hops[:: max(1, len(hops) // 12)]
        ]
        known = [value for value in found if math.isfinite(value)]
        return float(np.mean(known)) - steady if known else _NAN

    def _noise(self, time_s: float) -> float:
        """The share of the power about a moment that does not repeat after a period."""
        half = round(max(0.01 * self.rate, self.period))
        middle = round((time_s - self.first_s) * self.rate)
        begin, end = middle - half, middle + half
        lags = np.unique(np.round(self.period * NEAR).astype(int))
        if begin - int(lags[-1]) < self.silent or end > len(self.audio):
            return _NAN
        now = self.audio[begin:end]
        likeness = [
            np.dot(now, before) / math.sqrt(np.dot(now, now) * np.dot(before, before) + 1e-20)
            for before in (self.audio[begin - lag : end - lag] for lag in lags.tolist())
        ]
        return 1.0 - max(0.0, *likeness)
