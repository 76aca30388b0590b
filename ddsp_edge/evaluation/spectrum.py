"""Measures of the difference between two spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ddsp_edge.units import db_to_gain

SIZES = (2048, 1024, 512, 256, 128, 64)
LOG_FLOOR = 1e-5  #: amplitude of a sine, -100 dB: what is added before the logarithm


def spectrogram(audio: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return unscaled magnitudes (frames, size / 2 + 1) over periodic Hann windows."""
    audio = np.asarray(audio, np.float64)
    if len(audio) < size:
        audio = np.pad(audio, (0, size - len(audio)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    rows = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop]
    return np.abs(np.fft.rfft(rows * window, axis=1))


def multi_scale_spectral_loss(
    audio: np.ndarray, target: np.ndarray, sizes: Sequence[int] = SIZES
) -> float:
    """Return the loss of Engel et al. 2020, eq. 7, between two mono sounds.

    It sums, over the windows ``sizes``, the mean absolute differences of magnitudes and of log
    magnitudes; the hop is a quarter of the window, the floor -100 dB.
    """
    total = 0.0
    for size in sizes:
        a, b = (spectrogram(x, size, size // 4) for x in (audio, target))
        floor = LOG_FLOOR * size / 4  # half the window's sum: a sine of amplitude 1
        total += float(np.abs(a - b).mean())
        total += float(np.abs(np.log(a + floor) - np.log(b + floor)).mean())
    return total


def spectral_difference_db(
    audio: np.ndarray, reference: np.ndarray, floor_db: float = -60.0, size: int = 2048
) -> float:
    """Mean absolute difference in dB of two renders' spectra.

    Over every frame, and the bins no more than ``-floor_db`` below the loudest of the
    reference; what is quieter is not heard beside it.
    """
    count = min(len(audio), len(reference))
    a, b = (spectrogram(x[:count], size, size // 2) for x in (audio, reference))
    floor = b.max() * db_to_gain(floor_db)
    heard = b > floor
    if not heard.any():
        return 0.0
    ours, theirs = np.maximum(a[heard], floor * 1e-2), b[heard]
    return float(np.abs(20 * np.log10(ours / theirs)).mean())
