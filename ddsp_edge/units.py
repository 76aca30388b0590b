"""Units and the nonlinearities that models share (Engel et al., "DDSP", ICLR 2020)."""

from __future__ import annotations

import math
from typing import overload

import numpy as np

#: Loudness that counts as silence, in dB re full scale; also pw_scaled = 0.
SILENCE_DB = -80.0
#: The magnitude from which a sample counts as clipped, as in native/src/rig/mixer.c: the
#: largest sample of a 16-bit converter.
FULL_SCALE = 1.0 - 2.0**-15
#: The analyser's confidence, 0..1, from which f0_hz is measured and not held from before.
VOICED_CONFIDENCE = 0.6
#: Sample rates that cards, renderings and models may have, in Hz.
LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000


def hz_to_midi(f0_hz: np.ndarray | float) -> np.ndarray:
    """Hz to fractional MIDI note (A4 = 440 Hz = 69); 0 Hz and below give 0."""
    hz = np.asarray(f0_hz, dtype=np.float64)
    midi = 69.0 + 12.0 * np.log2(np.maximum(hz, 1e-9) / 440.0)
    return np.where(hz > 0.0, np.maximum(midi, 0.0), 0.0)


def midi_to_hz(note: np.ndarray | float) -> np.ndarray:
    """Fractional MIDI note to Hz (69 = A4 = 440 Hz)."""
    return 440.0 * 2.0 ** ((np.asarray(note, dtype=np.float64) - 69.0) / 12.0)


@overload
def db_to_gain(db: float) -> float: ...
@overload
def db_to_gain(db: np.ndarray) -> np.ndarray: ...
def db_to_gain(db: np.ndarray | float) -> np.ndarray | float:
    """Convert decibels to linear amplitude; a number gives a float, an array a float64 array."""
    if isinstance(db, (int, float)):  # once per frame and voice in live playing: no array for it
        return 10.0 ** (db / 20.0)
    return 10.0 ** (np.asarray(db, dtype=np.float64) / 20.0)


def gain_to_db(gain: np.ndarray | float, floor_db: float = SILENCE_DB) -> np.ndarray:
    """Linear amplitude to dB, not below ``floor_db``."""
    return 20.0 * np.log10(np.maximum(np.asarray(gain, dtype=np.float64), db_to_gain(floor_db)))


def pan_gains(pan: float) -> tuple[float, float]:
    """Gains of left and right for -1 (left) .. 1, clipped: equal power, 1 and 1 in the middle."""
    angle = (min(max(pan, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
    return math.sqrt(2.0) * math.cos(angle), math.sqrt(2.0) * math.sin(angle)


def scale_f0(f0_hz: np.ndarray | float) -> np.ndarray:
    """Hz to the models' input: MIDI note / 127, clipped to 0..1 (DDSP-VST)."""
    return np.clip(hz_to_midi(f0_hz) / 127.0, 0.0, 1.0)


def scale_loudness(loudness_db: np.ndarray | float) -> np.ndarray:
    """dB to the models' input: dB / 80 + 1, clipped to 0..1 (DDSP-VST)."""
    return np.clip(np.asarray(loudness_db, dtype=np.float64) / -SILENCE_DB + 1.0, 0.0, 1.0)


def exp_sigmoid(x: np.ndarray) -> np.ndarray:
    """2 * sigmoid(x) ** ln(10) + 1e-7 (Engel et al. 2020, eq. 5)."""
    return 2.0 * (1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64)))) ** np.log(10.0) + 1e-7
