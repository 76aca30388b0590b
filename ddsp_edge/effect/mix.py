"""The player's own sound beside the instrument's: trim, mix and the clip indicator."""

from __future__ import annotations

import math

import numpy as np

from ddsp_edge.settings import Settings
from ddsp_edge.units import FULL_SCALE, db_to_gain


def mix_gains(mix: float) -> tuple[float, float]:
    """Linear gains of the input (dry) and the instrument (wet) for ``mix`` 0..1.

    Equal power, as the two are different sounds; exact at the ends.
    """
    if mix >= 1.0:
        return 0.0, 1.0
    turn = 0.5 * math.pi * mix
    return math.cos(turn), math.sin(turn)


def trimmed(audio: np.ndarray, settings: Settings) -> np.ndarray:
    """Return the input with ``input_trim`` applied, as analyser and dry path get it."""
    if settings.input_trim == 0.0:
        return audio
    return audio * np.float32(db_to_gain(settings.input_trim))


def with_dry(sound: np.ndarray, audio: np.ndarray, settings: Settings) -> np.ndarray:
    """The instrument's (samples, 2) with the trimmed input, not delayed, in both channels.

    ``output_gain`` is of both together, the room only of the instrument.
    """
    dry, wet = mix_gains(settings.mix)
    if dry == 0.0:
        return sound
    mixed = sound * np.float32(wet)
    n = min(len(audio), len(mixed))
    mixed[:n] += audio[:n, None] * np.float32(dry * db_to_gain(settings.output_gain))
    return mixed


def clipped_samples(audio: np.ndarray) -> int:
    """Return the number of samples at full scale or beyond, which a clip light shows."""
    return int(np.count_nonzero(np.abs(audio) >= FULL_SCALE))
