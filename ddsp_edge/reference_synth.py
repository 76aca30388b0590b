"""What the kernel's voice plays, said slowly in NumPy and double precision.

The tests hold the C kernel to it (-80 dB). Same contract as ``ddsp_kernel.h``:
harmonic k + 1 is ``a_k * sin(2 pi (k + 1) phase)``; every control moves linearly to its
target over the ramp; the noise is random-phase frames, overlapped and added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Event:
    """One ``set_frame``: after ``sample`` samples these become the targets."""

    sample: int
    f0_hz: float
    amplitude: float
    harmonic_distribution: np.ndarray  #: (n_harmonics,)
    noise_magnitudes: np.ndarray  #: (n_noise,)
    ramp_s: float


def clean(x: np.ndarray | float, low: float, high: float) -> np.ndarray:
    """Clipped; what is not a number becomes ``low``."""
    x = np.asarray(x, np.float64)
    return np.clip(np.where(np.isnan(x), low, x), low, high)


def tracks(
    events: Iterable[Event], samples: int, rate: float, band_limit_hz: float, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """f0 (samples + 1,), amplitudes (.., n_harmonics), gains (.., n_noise) at each sample.

    Row i is the state after i samples; sample i is made with row i + 1.
    """
    f0 = np.zeros(samples + 1)
    amplitudes, gains = np.zeros((samples + 1, shape[0])), np.zeros((samples + 1, shape[1]))
    number = np.arange(1, shape[0] + 1)
    for event in sorted(events, key=lambda e: e.sample):
        at = event.sample
        ramp = max(1, round(float(clean(event.ramp_s, 0, 10)) * rate))
        hz = float(clean(event.f0_hz, 0, rate / 2))
        amplitude = 0.0 if hz < 10 else float(clean(event.amplitude, 0, 10))
        weight = clean(event.harmonic_distribution, 0, 1e6) * (number * hz < band_limit_hz)
        total = weight.sum()
        fade = np.clip((rate / 2 - number * hz) / (0.05 * rate), 0, 1)
        target = fade * weight * (amplitude / total if total > 1e-20 else 0.0)
        if hz < 10:
            hz = f0[at]
        first = hz if amplitudes[at].sum() < 1e-5 else f0[at]
        noise = clean(event.noise_magnitudes, 0, 10)
        part = np.minimum(np.arange(1, samples + 1 - at) / ramp, 1.0)
        f0[at + 1 :] = first + (hz - first) * part
        amplitudes[at + 1 :] = amplitudes[at] + (target - amplitudes[at]) * part[:, None]
        gains[at + 1 :] = gains[at] + (noise - gains[at]) * part[:, None]
    return f0, amplitudes, gains


def harmonic(f0: np.ndarray, amplitudes: np.ndarray, rate: float) -> np.ndarray:
    """From :func:`tracks` to (samples,)."""
    phase = np.concatenate([[0.0], np.cumsum(f0[1:] / rate)])[:-1]
    out = np.zeros(len(phase))
    for k in range(amplitudes.shape[1]):
        out += amplitudes[1:, k] * np.sin(2 * np.pi * ((k + 1) * phase % 1.0))
    return out


def noise(
    events: Iterable[Event],
    samples: int,
    rate: float,
    band_limit_hz: float,
    shape: tuple[int, int],
    seed: int = 1,
) -> np.ndarray:
    """The noise, (samples,). A frame is shaped by what its centre is heading for when it is made."""
    bands = shape[1]
    if bands == 0:
        return np.zeros(samples)
    least = max(0.005 * rate, 2 * (bands - 1) * 0.5 * rate / band_limit_hz)
    size = 16
    while size < least:
        size *= 2
    hop = size // 2
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    bin_hz = np.arange(1, hop) * rate / size
    inside = bin_hz <= band_limit_hz
    out = np.zeros(samples + size)
    events = sorted(events, key=lambda e: e.sample)
    for index in range(samples // hop + 1):
        start = index * hop
        # What is known at the start of the frame, played on to its centre.
        known = [e for e in events if e.sample <= start]
        _, _, gains = tracks(known, start + hop, rate, band_limit_hz, shape)
        at = np.interp(bin_hz, np.linspace(0, band_limit_hz, bands), gains[start + hop])
        scale = np.sqrt(size * rate / (4 * band_limit_hz)) / size
        half = np.zeros(hop + 1, np.complex128)
        half[1:hop] = np.where(inside, at, 0.0) * scale * _random(seed, index, hop)
        out[start : start + size] += np.fft.irfft(half, size) * size * window
    return out[:samples]


def _mix(x: int) -> int:
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & _MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & _MASK
    return x ^ x >> 31


def _random(seed: int, frame: int, hop: int) -> np.ndarray:
    """Numbers 1 .. hop - 1 of a frame, real and imaginary parts uniform in [-1, 1)."""
    start = _mix((seed << 32) + frame * 0xD1342543DE82EF95 + 1 & _MASK)
    bits = [_mix(start + (i + 1) * 0x9E3779B97F4A7C15 & _MASK) for i in range(1, hop)]
    words = np.array(bits, np.uint64)
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.uint32).view(np.int32)
    high = (words >> np.uint64(32)).astype(np.uint32).view(np.int32)
    return (low + 1j * high.astype(np.float64)) / 2147483648.0


def render(
    events: list[Event],
    samples: int,
    rate: float,
    band_limit_hz: float,
    n_harmonics: int,
    n_noise: int,
    seed: int = 1,
) -> np.ndarray:
    """Everything: (samples,) float64."""
    shape = (n_harmonics, n_noise)
    f0, amplitudes, _ = tracks(events, samples, rate, band_limit_hz, shape)
    return harmonic(f0, amplitudes, rate) + noise(
        events, samples, rate, band_limit_hz, shape, seed
    )
