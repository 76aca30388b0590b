"""Harmonic amplitudes and noise bands analysed straight from audio.

The targets of the trainer's supervised warm start. Each frame is resampled to a
whole number of samples per period, so that harmonic k falls on FFT bin
PERIODS * k with a Hann null at every other harmonic, and the bins half way between
two harmonics hear only noise (pitch-synchronous analysis; the harmonic/residual
split is Serra and Smith's, "Spectral modeling synthesis", CMJ 1990).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import soxr

PERIODS = 4  #: window length in periods
POINTS = 2048  #: samples per window: 512 a period, so that 65 Hz is not folded below 16 kHz
OVERSAMPLE = 4  #: the audio is interpolated linearly at this many times its rate
BLOCK = 2048  #: frames at once, to bound memory
STFT_S = 1024 / 48_000  #: window of the noise analysis above the last harmonic, at least


@dataclass(frozen=True)
class Targets:
    """What a network should answer to a recording, one row for each frame."""

    harmonics: np.ndarray  #: (frames, n_harmonics) linear amplitudes of sines
    noise: np.ndarray  #: (frames, n_noise) gains on uniform white noise (kernel's meaning)
    harmonicity: np.ndarray  #: (frames,) share of the energy that harmonics explain, 0..1


def analyse_targets(
    audio: np.ndarray,
    rate: int,
    centres_s: np.ndarray,
    f0_hz: np.ndarray,
    n_harmonics: int,
    n_noise: int,
) -> Targets:
    """Analyse mono ``audio`` around each of ``centres_s``, where its pitch is ``f0_hz``."""
    fine = soxr.resample(audio.astype(np.float32), rate, rate * OVERSAMPLE, "HQ")
    rows = [
        _block(
            fine,
            rate,
            centres_s[i : i + BLOCK],
            np.maximum(f0_hz[i : i + BLOCK], 30.0),
            n_harmonics,
            n_noise,
        )
        for i in range(0, len(centres_s), BLOCK)
    ]
    harmonics, gap_psd, gap_reach, total = (
        np.concatenate(part) for part in zip(*rows, strict=True)
    )
    noise = _noise_bands(audio, rate, centres_s, gap_psd, gap_reach, n_noise)
    explained = 0.5 * np.sum(harmonics**2, axis=1)
    return Targets(
        harmonics.astype(np.float32),
        noise.astype(np.float32),
        np.clip(explained / np.maximum(total, 1e-12), 0.0, 1.0).astype(np.float32),
    )


def _block(
    fine: np.ndarray,
    rate: int,
    centres_s: np.ndarray,
    f0_hz: np.ndarray,
    n_harmonics: int,
    n_noise: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    grid = (np.arange(POINTS) - POINTS / 2) / (POINTS / PERIODS)  # periods from the centre
    where = (centres_s[:, None] + grid[None, :] / f0_hz[:, None]) * rate * OVERSAMPLE
    where = np.clip(where, 0, len(fine) - 2)
    below = where.astype(np.int64)
    part = (where - below).astype(np.float32)
    frames = fine[below] * (1 - part) + fine[below + 1] * part
    window = np.hanning(POINTS + 1)[:-1].astype(np.float32)
    spectrum = np.abs(np.fft.rfft(frames * window, axis=1))
    power = (spectrum / window.sum() * 2.0) ** 2  # of a sine: its squared amplitude

    # Noise is read half way between harmonics. Its power there, as a density:
    # power = 4 * PSD_two_sided * fs_grid * sum(w^2) / sum(w)^2, one-sided PSD = 2 x two-sided.
    fs_grid = f0_hz * (POINTS / PERIODS)
    enbw = float((window**2).sum() / window.sum() ** 2)
    gaps = power[:, PERIODS // 2 :: PERIODS][:, : n_harmonics + 1]
    psd = gaps / (2.0 * fs_grid[:, None] * enbw)

    at = PERIODS * np.arange(1, n_harmonics + 1)
    floor = 0.5 * (gaps[:, :-1] + gaps[:, 1:])
    valid = (np.arange(1, n_harmonics + 1)[None, :] * f0_hz[:, None]) < 0.5 * rate
    harmonics = np.sqrt(np.maximum(power[:, at] - floor, 0.0)) * valid
    total = (window * frames**2).sum(axis=1) / window.sum()

    # The density on a common axis of n_noise bands, as far as the gaps reach.
    bands_hz = np.linspace(0, rate / 2, n_noise)
    index = np.clip(bands_hz[None, :] / f0_hz[:, None] - 0.5, 0, n_harmonics - 1e-3)
    low = index.astype(np.int64)
    part64 = index - low
    take = np.take_along_axis
    gap_psd = take(psd, low, 1) * (1 - part64) + take(psd, low + 1, 1) * part64
    reach = np.minimum((n_harmonics + 0.5) * f0_hz, rate / 2)
    return harmonics, gap_psd, reach, total


def _noise_bands(
    audio: np.ndarray,
    rate: int,
    centres_s: np.ndarray,
    gap_psd: np.ndarray,
    reach_hz: np.ndarray,
    n_noise: int,
) -> np.ndarray:
    """Density (per Hz) to gains; above the last harmonic from a plain STFT."""
    size = 1 << math.ceil(math.log2(STFT_S * rate))
    window = np.hanning(size + 1)[:-1]
    padded = np.pad(audio, size)
    starts = np.round(centres_s * rate).astype(np.int64) - size // 2 + size
    starts = np.clip(starts, 0, len(padded) - size)
    bands_hz = np.linspace(0, rate / 2, n_noise)
    bin_hz = np.arange(size // 2 + 1) * rate / size
    noise = np.empty_like(gap_psd)
    for i in range(0, len(starts), BLOCK):
        rows = padded[starts[i : i + BLOCK, None] + np.arange(size)] * window
        psd = np.abs(np.fft.rfft(rows, axis=1)) ** 2 * 2.0 / (rate * (window**2).sum())
        # Mean over each band's triangle, as the kernel interpolates between bands.
        weight = np.maximum(
            0.0, 1.0 - np.abs(bin_hz[:, None] - bands_hz[None, :]) / (bands_hz[1] - bands_hz[0])
        )
        plain = psd @ (weight / weight.sum(axis=0))
        above = bands_hz[None, :] > reach_hz[i : i + BLOCK, None] * 0.95
        noise[i : i + BLOCK] = np.where(above, plain, gap_psd[i : i + BLOCK])
    # Kernel: PSD(f) = gain^2 / (3 * band limit), band limit = rate / 2.
    return np.sqrt(np.maximum(noise, 0.0) * 1.5 * rate)
