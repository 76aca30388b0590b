"""The tuner: which note, and how far from it."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

from ddsp_edge.effect.player import is_pitch
from ddsp_edge.settings import NOTE_NAMES

#: Only what the analyser is so sure of is shown; a held pitch is not.
CONFIDENT = 0.85
#: The reading is the median of so many seconds ...
WINDOW_S = 0.25
#: ... and is shown after so many of them.
FIRST_S = 0.05
#: Further than this from the median, in semitones, ...
LEAP = 0.5
#: ... for so many seconds is another note: the window begins anew.
LEAP_S = 0.03
#: Without a pitch for so long, in seconds, the display goes out.
HOLD_S = 0.3
#: A note's name is kept until so many semitones from it, not to flicker at the half-way.
NAME_MARGIN = 0.55
#: Steady: the middle half of the window lies within so many cents.
STEADY_CENTS = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The note that a tuner shows, and how far the pitch is from it."""

    note: str  #: C, C#, ... B
    octave: int  #: scientific: A4 is the tuning note
    cents: float  #: above the note, about -55..55
    f0_hz: float
    steady: bool  #: the string has settled: cents may be believed

    @property
    def name(self) -> str:
        """The note with its octave, as ``A4``."""
        return f"{self.note}{self.octave}"


class Tuner:
    """A running median of the pitch. Not thread-safe: the control thread.

    ``hop_s`` seconds between ticks; ``tuning_hz`` is A4 (setting ``tuning``).
    """

    def __init__(self, hop_s: float, tuning_hz: float = 440.0) -> None:
        self._size = max(3, round(WINDOW_S / hop_s))
        self._first = min(self._size, max(1, round(FIRST_S / hop_s)))
        self._leap = max(1, round(LEAP_S / hop_s))
        self._hold = max(1, round(HOLD_S / hop_s))
        self.set(tuning_hz)
        self.reset()

    def set(self, tuning_hz: float) -> None:
        """Set the frequency of A4, in Hz."""
        self._tuning = tuning_hz

    def reset(self) -> None:
        """Forget every pitch of the input so far."""
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._note = -1000
        self._far = self._missing = 0

    def hear(self, f0_hz: float, confidence: float) -> Reading | None:
        """Take one tick of the analyser; return what to show now, None while nothing is clear."""
        if confidence >= CONFIDENT and is_pitch(f0_hz):
            self._missing = 0
            self._add(69.0 + 12.0 * math.log2(f0_hz / 440.0))
        else:
            self._missing += 1
            if self._missing == self._hold:
                self.reset()
                self._missing = self._hold
        return self.reading

    def _add(self, pitch: float) -> None:
        if self._order and abs(pitch - self._median()) > LEAP:
            self._far += 1
            if self._far < self._leap:
                return  # one tick does not make a note
            self._order.clear()
            self._sorted.clear()
        self._far = 0
        if len(self._order) == self._size:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._order.append(pitch)
        insort(self._sorted, pitch)

    def _median(self) -> float:
        middle = len(self._sorted) // 2
        if len(self._sorted) % 2:
            return self._sorted[middle]
        return 0.5 * (self._sorted[middle - 1] + self._sorted[middle])

    @property
    def reading(self) -> Reading | None:
        """What to show now; None until enough ticks had a clear pitch."""
        n = len(self._sorted)
        if n < self._first:
            return None
        median = self._median()
        from_a4 = median - 69.0 - 12.0 * math.log2(self._tuning / 440.0)
        if abs(from_a4 + 69 - self._note) > NAME_MARGIN:
            self._note = round(from_a4) + 69
        spread = 100.0 * (self._sorted[(3 * n) // 4] - self._sorted[n // 4])
        return Reading(
            NOTE_NAMES[self._note % 12],
            self._note // 12 - 1,
            100.0 * (from_a4 + 69 - self._note),
            440.0 * 2.0 ** ((median - 69.0) / 12.0),
            spread <= STEADY_CENTS,
        )
