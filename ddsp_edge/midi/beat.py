"""Where the beat is: a straight line through time, from a MIDI clock or a file's tempo map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Beats (quarter notes) of a bar where nobody says how many.
USUAL_BAR = 4.0


@dataclass(frozen=True, slots=True)
class Beat:
    """At ``at_s`` seconds it is at ``beats``; ``hz`` of them, quarter notes, follow a second.

    ``bar`` is the length of a bar in beats; one began at beat ``bar_from``.
    """

    at_s: float
    beats: float
    hz: float
    bar: float = USUAL_BAR
    bar_from: float = 0.0

    def at(self, time_s: float) -> float:
        """Return the position at a time, in beats."""
        return self.beats + self.hz * (time_s - self.at_s)


def beats_of(
    tempos: Iterable[tuple[float, float]], bars: Iterable[tuple[float, float]] = ()
) -> tuple[Beat, ...]:
    """Join a tempo map's changes: ``tempos`` are (seconds, beats a second), ``bars`` (seconds,
    beats in a bar), both in order of time. The first tempo is that of the beginning."""
    changes = sorted(
        [(time_s, 0, value) for time_s, value in tempos]
        + [(time_s, 1, value) for time_s, value in bars]
    )
    found: list[Beat] = []
    hz, bar, bar_from, before = 0.0, USUAL_BAR, 0.0, Beat(0.0, 0.0, 0.0)
    for time_s, kind, value in changes:
        beats = before.at(time_s)
        if kind == 0:
            hz = value
        else:
            bar, bar_from = value, beats
        before = Beat(time_s, beats, hz, bar, bar_from)
        if found and found[-1].at_s == time_s:
            found[-1] = before
        elif hz > 0.0:
            found.append(before)
    return tuple(found)
