"""Compare a render with its score: tuning and onset of each note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.pitch import cents, track_f0

SETTLE_S = 0.03  #: after the onset, before pitch is judged
LOOK_BEFORE_S, LOOK_AFTER_S = 0.04, 0.12  #: where an onset is looked for
DIP_BEFORE_S, DIP_AFTER_S = 0.03, 0.01  #: where the quietest moment before a note is looked for
#: A note that rises less than this from there is judged by its pitch.
RISE_DB = 4.0


@dataclass(frozen=True)
class ScoreNote:
    """One note as the score asks for it; times in seconds."""

    start_s: float
    end_s: float
    pitch_hz: Callable[[float], float]  #: at a time, with bend


@dataclass(frozen=True)
class NoteMeasure:
    """What was measured for one note of the score."""

    start_s: float  #: in the score
    cents: float  #: median error over the steady part; nan where nothing steady was heard
    onset_s: float  #: heard minus score; nan where none was found


def measure_notes(audio: np.ndarray, rate: int, notes: list[ScoreNote]) -> list[NoteMeasure]:
    """Measure tuning and onset of each note of a monophonic render.

    The pitch error is the median over the note, from SETTLE_S after its start to its end, of
    the measured f0 against the score's at that time. The onset is where the power, over one
    period around, passes half of the note's steady power (for a note that starts at once that
    is its start), measured from the quietest moment near the score's time; else,
    for a slurred note, where the pitch passes half way from the last note's to its own.
    """
    result = []
    for i, note in enumerate(notes):
        end = min(note.end_s, notes[i + 1].start_s) if i + 1 < len(notes) else note.end_s
        previous = notes[i - 1] if i else None
        result.append(
            NoteMeasure(
                note.start_s,
                _tuning(audio, rate, note, end),
                _onset(audio, rate, note, end, previous),
            )
        )
    return result


def _cut(audio: np.ndarray, rate: int, start_s: float, end_s: float) -> np.ndarray:
    """Cut out a span in seconds; zeros where it reaches beyond the audio."""
    a, b = round(start_s * rate), round(end_s * rate)
    part = np.asarray(audio[max(a, 0) : max(b, 0)], np.float64)
    return np.pad(part, (max(0, -a), max(0, b - max(a, 0) - len(part))))


def _tuning(audio: np.ndarray, rate: int, note: ScoreNote, end_s: float) -> float:
    start = note.start_s + SETTLE_S
    if end_s - start < 0.03:
        return float("nan")
    hz = note.pitch_hz(start)
    track = track_f0(_cut(audio, rate, start, end_s), rate, hz * 0.7, hz * 1.5, periods=4.0)
    margin = min(2.0 / hz, (end_s - start) / 4)  # windows that reach over the ends
    keep = (track.f0_hz > 0) & (track.times_s > margin)
    keep &= track.times_s < end_s - start - margin
    if not keep.any():
        return float("nan")
    wanted = np.array([note.pitch_hz(start + t) for t in track.times_s[keep]])
    return float(np.median(cents(track.f0_hz[keep], wanted)))


def _onset(
    audio: np.ndarray, rate: int, note: ScoreNote, end_s: float, previous: ScoreNote | None
) -> float:
    begin = note.start_s - LOOK_BEFORE_S
    after = min(LOOK_AFTER_S, end_s - note.start_s)
    hz = note.pitch_hz(note.start_s)
    # Mean power over one period around each sample: no ripple, no delay.
    period = max(3, round(rate / hz)) | 1
    part = _cut(audio, rate, begin - period / rate, note.start_s + after + period / rate)
    power = np.convolve(part**2, np.ones(period) / period, "same")[period:-period]
    score_at = round(LOOK_BEFORE_S * rate)
    steady = float(np.median(power[score_at + round(0.5 * after * rate) :]))
    if steady <= 0:
        return float("nan")
    # The quietest moment near the score's time: what the note rises from.
    first = max(0, score_at - round(DIP_BEFORE_S * rate))
    at_dip = first + int(np.argmin(power[first : score_at + round(DIP_AFTER_S * rate)]))
    if power[at_dip] < steady * 10 ** (-RISE_DB / 10):
        return _rise(power, 0.5 * (power[at_dip] + steady), at_dip, rate, score_at)
    old_hz = previous.pitch_hz(min(previous.end_s, note.start_s)) if previous else hz
    if abs(float(cents(hz, old_hz))) > 50:
        return _pitch_change(audio, rate, note.start_s, after, old_hz, hz)
    return float("nan")


def _rise(power: np.ndarray, level: float, start: int, rate: int, score_at: int) -> float:
    """Return the seconds from the score's time until the power passes ``level`` after ``start``."""
    above = np.flatnonzero(power[start:] >= level)
    return float(start + above[0] - score_at) / rate if len(above) else float("nan")


def _pitch_change(
    audio: np.ndarray, rate: int, start_s: float, after_s: float, old_hz: float, new_hz: float
) -> float:
    low, high = min(old_hz, new_hz), max(old_hz, new_hz)
    begin = start_s - LOOK_BEFORE_S
    part = _cut(audio, rate, begin - 2 / low, start_s + after_s + 2 / low)
    track = track_f0(part, rate, low * 0.8, high * 1.3, hop_s=0.001)
    times = track.times_s - 2 / low - LOOK_BEFORE_S
    voiced = track.f0_hz > 0
    nearer = np.abs(cents(np.maximum(track.f0_hz, 1.0), new_hz)) < np.abs(
        cents(np.maximum(track.f0_hz, 1.0), old_hz)
    )
    inside = voiced & (times >= -LOOK_BEFORE_S) & (times <= after_s)
    if not inside.any() or not (nearer & inside).any():
        return float("nan")
    # The split that leaves the fewest frames on the wrong side.
    t, new = times[inside], nearer[inside]
    wrong = np.concatenate([[0], np.cumsum(new)]) + np.concatenate(
        [np.cumsum((~new)[::-1])[::-1], [0]]
    )
    split = int(np.argmin(wrong))
    return float(t[min(split, len(t) - 1)])
