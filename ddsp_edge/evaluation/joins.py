"""How bright the moment is at which one note follows another: hammers, picks, two strings at once.

An effect that finds no pitch there must not answer with a burst of treble of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TREBLE_HZ = (5_000.0, 12_000.0)  #: the band that is compared
HOP_S, WINDOW_S = 0.002, 0.02
BEFORE_S, AFTER_S = 0.03, 0.12  #: a join is this much around the moment of the new note
HELD_DB = 20.0  #: softer than its start by more than this, a note is no longer held
LEVEL_RISE_DB = 6.0  #: a note is there when it is no further below its loudest
_FLOOR = 1e-11  #: of a mean square
_BLOCK = 2048  #: windows at once


@dataclass(frozen=True)
class JoinMeasure:
    """One join. Treble is the level at 5 to 12 kHz below the loudest level around the join, dB."""

    at_s: float
    input_db: float  #: treble of the input
    output_db: float  #: treble of the output
    held_db: float  #: treble of the output where the note is held; -inf where it is not
    late_s: float  #: how much later than the input's the output's level rises

    @property
    def burst_db(self) -> float:
        """How far the output exceeds the input's treble, and that of its own held tone."""
        return self.output_db - max(self.input_db, self.held_db)


def band_level(
    audio: np.ndarray, rate: int, low_hz: float = 20.0, high_hz: float | None = None
) -> np.ndarray:
    """Level of a band in dB re full scale, over Hann windows of WINDOW_S centred each HOP_S."""
    audio = np.asarray(audio, np.float64)
    size, count = round(WINDOW_S * rate), int(len(audio) / rate / HOP_S) + 1
    window, padded = np.hanning(size), np.pad(audio, (size // 2, size))
    starts = np.minimum(np.round(np.arange(count) * HOP_S * rate).astype(int), len(audio))
    hz = np.fft.rfftfreq(size, 1 / rate)
    inside = (hz >= low_hz) & (hz < (high_hz or rate))
    power = np.empty(count)
    for at in range(0, count, _BLOCK):
        rows = padded[starts[at : at + _BLOCK, None] + np.arange(size)] * window
        spectra = np.fft.rfft(rows, axis=1)[:, inside]
        power[at : at + _BLOCK] = np.sum(np.abs(spectra) ** 2, axis=1)
    return 10 * np.log10(power * 2 / (size * np.sum(window**2)) + _FLOOR)


def measure_joins(
    reference: np.ndarray, audio: np.ndarray, rate: int, starts_s: Sequence[float]
) -> list[JoinMeasure]:
    """Measure each join between the notes that start in ``reference`` at ``starts_s``, in order.

    ``audio`` is what an effect made of ``reference``. The first note begins out of silence and
    counts as one. Both are compared with their own loudest level around the join, so that their
    gains do not matter. Held is the note from AFTER_S on to just before the next one, as long as
    it is no more than HELD_DB softer: its brightest tenth counts, since it dulls as it dies away.
    """
    low, high = TREBLE_HZ
    tracks = [
        (band_level(each, rate), band_level(each, rate, low, high)) for each in (reference, audio)
    ]
    end_s = min(len(reference), len(audio)) / rate
    found = []
    for i, start in enumerate(starts_s):
        following = starts_s[i + 1] if i + 1 < len(starts_s) else end_s
        join, held = _span(start - BEFORE_S, start + AFTER_S), _span(start + AFTER_S, following)
        (input_level, input_treble), (level, treble) = tracks
        loudest = level[join].max()
        keep = level[held] > loudest - HELD_DB
        own = treble[held][keep] - level[held][keep]
        found.append(
            JoinMeasure(
                at_s=float(start),
                input_db=float(input_treble[join].max() - input_level[join].max()),
                output_db=float(treble[join].max() - loudest),
                held_db=float(np.percentile(own, 90)) if keep.any() else float("-inf"),
                late_s=(_rise(level[join]) - _rise(input_level[join])) * HOP_S,
            )
        )
    return found


def _span(start_s: float, end_s: float) -> slice:
    first = max(0, round(start_s / HOP_S))
    return slice(first, max(first + 1, round(end_s / HOP_S)))


def _rise(level: np.ndarray) -> int:
    """Hop at which a level that rises comes within LEVEL_RISE_DB of its loudest, for good."""
    loudest = int(np.argmax(level))
    below = np.flatnonzero(level[:loudest] < level[loudest] - LEVEL_RISE_DB)
    return int(below[-1]) + 1 if len(below) else 0
