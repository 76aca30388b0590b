"""What the C voice does, said slowly: the kernel is tested against this.

Float64, one frame after the other, nothing shared with the C but the rules of
``native/include/ddsp_kernel.h`` and the random numbers of ``native/src/synthesis/random.h``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddsp_edge.frames import ControlFrame

LOWEST_HZ = 10.0  #: a fundamental below this is no pitch
NYQUIST_FADE = 0.05  #: of the sample rate: where harmonics fade below Nyquist
SILENT = 1e-5  #: sum of harmonic amplitudes below which f0 jumps
LEAP, LONGEST_LEAP_S = 1.5, 0.025  #: so much of f0 within one short ramp: a cross-fade
SHORTEST_NOISE_FRAME_S = 0.005


@dataclass
class ControlEvent:
    """A control frame, when it is set and how long it takes to get there."""

    time_s: float
    frame: ControlFrame
    ramp_s: float


def _within(values: np.ndarray | float, high: float) -> np.ndarray:
    """As float32 sees it, NaN as 0, clipped to 0..high."""
    return np.clip(np.nan_to_num(np.float32(values).astype(float), nan=0.0), 0.0, high)


def harmonic_amplitudes(
    f0_hz: float,
    amplitude: float,
    weights: np.ndarray,
    sample_rate: float,
    band_limit_hz: float,
) -> np.ndarray:
    """Amplitude of each harmonic: shape (n_harmonics,), linear.

    Those at or above the model's band are masked, the rest share ``amplitude`` by
    weight, and what comes near the card's Nyquist fades (its share is lost).
    """
    hz = f0_hz * np.arange(1, len(weights) + 1)
    weights = np.where(hz < band_limit_hz, _within(weights, 1e6), 0.0)
    if f0_hz < LOWEST_HZ or not weights.sum() > 0.0:
        return np.zeros(len(weights))
    fade = np.clip((0.5 * sample_rate - hz) / (NYQUIST_FADE * sample_rate), 0.0, 1.0)
    return amplitude * weights / weights.sum() * fade


def random_spectrum(seed: int, frame: int, n_bins: int) -> np.ndarray:
    """u1 + i u2 of the bins 1..n_bins of one noise frame, uniform in [-1, 1)."""
    word = 2**64 - 1
    z = ((seed << 32 | 0x5BD1E995) + frame * 0x9E3779B97F4A7C15) & word
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & word
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & word
    keys = z ^ z >> 31
    x = np.arange(1, n_bins + 1, dtype=np.uint64)  # 32-bit arithmetic in 64-bit room
    half = np.uint64(0xFFFFFFFF)
    x ^= np.uint64(keys & 0xFFFFFFFF)
    x = ((x ^ x >> np.uint64(16)) * np.uint64(0x7FEB352D)) & half
    x = ((x ^ x >> np.uint64(15)) + np.uint64(keys >> 32)) & half
    x = (x * np.uint64(0x846CA68B)) & half
    x ^= x >> np.uint64(16)
    low = (x & np.uint64(0xFFFF)).astype(np.uint16).view(np.int16)
    high = (x >> np.uint64(16)).astype(np.uint16).view(np.int16)
    return (low + 1j * high.astype(float)) / 32768.0


class ReferenceVoice:
    """The voice of one model (sizes, band limit in Hz) at one card's sample rate."""

    def __init__(
        self,
        sample_rate: float,
        n_harmonics: int,
        n_noise: int,
        band_limit_hz: float,
        seed: int = 1,
    ) -> None:
        self.sample_rate, self.band_limit_hz, self.seed = sample_rate, band_limit_hz, seed
        self.n_harmonics, self.n_noise = n_harmonics, n_noise
        self.noise_size = 16
        if n_noise:
            least = max(
                SHORTEST_NOISE_FRAME_S * sample_rate,
                2 * (n_noise - 1) * 0.5 * sample_rate / band_limit_hz,
            )
            while self.noise_size < least:
                self.noise_size *= 2

    def render(self, events: Sequence[ControlEvent], duration_s: float) -> np.ndarray:
        """Mono samples, float64, of ``events`` in the order of their times."""
        n = round(duration_s * self.sample_rate)
        starts = [round(event.time_s * self.sample_rate) for event in events]
        ends = [*starts[1:], n]
        f0_hz = np.zeros(n)
        amplitudes = np.zeros((n, self.n_harmonics))
        # The magnitudes of the noise frame that would start at each sample.
        magnitudes = np.zeros((n, self.n_noise))
        hz, each, gains = 0.0, np.zeros(self.n_harmonics), np.zeros(self.n_noise)
        # The pitch before a leap, while it fades: (first sample, Hz), and its amplitudes now.
        leaps: list[tuple[int, float, np.ndarray]] = []
        left = np.zeros(self.n_harmonics)
        for event, start, end in zip(events, starts, ends, strict=True):
            frame = event.frame
            ramp_s = _within(event.ramp_s, 10.0)
            ramp = max(1, int(np.floor(ramp_s * self.sample_rate + 0.5)))
            target_hz = float(_within(frame.f0_hz, 0.5 * self.sample_rate))
            target_each = harmonic_amplitudes(
                target_hz,
                float(_within(frame.amplitude, 10.0)),
                frame.harmonic_distribution,
                self.sample_rate,
                self.band_limit_hz,
            )
            if target_hz < LOWEST_HZ:
                target_hz = hz
            leaps_now = target_hz >= LEAP * hz or hz >= LEAP * target_hz
            if (
                _within(frame.f0_hz, 0.5 * self.sample_rate) >= LOWEST_HZ
                and hz > 0.0
                and leaps_now
                and each.sum() >= SILENT
                and not left.any()
                and ramp <= LONGEST_LEAP_S * self.sample_rate
            ):
                left, each = each, np.zeros(self.n_harmonics)
                leaps.append((start, hz, np.zeros((n, self.n_harmonics))))
            if each.sum() < SILENT:
                hz = target_hz
            if leaps and end > start:
                fading = 1.0 - np.minimum(np.arange(1, end - start + 1) / ramp, 1.0)
                leaps[-1][2][start:end] = fading[:, None] * left
            left = left * (1.0 - min((end - start) / ramp, 1.0))
            target_gains = _within(frame.noise_magnitudes, 10.0)
            if end > start:
                count = np.arange(1, end - start + 1)[:, None]
                done = np.minimum(count / ramp, 1.0)
                at_centre = np.minimum((count + self.noise_size // 2) / ramp, 1.0)
                f0_hz[start:end] = hz + (done[:, 0] * (target_hz - hz))
                amplitudes[start:end] = each + done * (target_each - each)
                magnitudes[start:end] = gains + at_centre * (target_gains - gains)
            reached = min((end - start) / ramp, 1.0)
            hz += reached * (target_hz - hz)
            each = each + reached * (target_each - each)
            gains = gains + reached * (target_gains - gains)
        turns = np.cumsum(f0_hz / self.sample_rate) - f0_hz / self.sample_rate
        out = self._harmonics(turns, amplitudes)
        for start, hz, each in leaps:
            own = turns[start] + hz / self.sample_rate * (np.arange(n) - start)
            out += self._harmonics(own, each)
        return out + self._noise(magnitudes)

    def _harmonics(self, turns: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
        out = np.zeros(len(turns))
        for k in range(self.n_harmonics):
            out += amplitudes[:, k] * np.sin(2.0 * np.pi * (((k + 1) * turns) % 1.0))
        return out

    def _noise(self, magnitudes: np.ndarray) -> np.ndarray:
        """Overlapping frames of random spectra; the level is derived in ``noise.c``."""
        n, size = len(magnitudes), self.noise_size
        out = np.zeros(n + size)
        if not self.n_noise:
            return out[:n]
        window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
        level = np.sqrt(self.sample_rate / (4.0 * size * self.band_limit_hz))
        hz = np.arange(1, size // 2) * self.sample_rate / size
        hz = hz[hz <= self.band_limit_hz]
        bands_hz = np.linspace(0.0, self.band_limit_hz, self.n_noise)
        for number, start in enumerate(range(0, n, size // 2)):
            spectrum = np.zeros(size // 2 + 1, complex)
            spectrum[1 : len(hz) + 1] = np.interp(hz, bands_hz, magnitudes[start])
            spectrum[1 : len(hz) + 1] *= random_spectrum(self.seed, number, len(hz))
            out[start : start + size] += level * window * np.fft.irfft(spectrum) * size
        return out[:n]
