"""Signals whose pitch is known at every moment. Mono float64, 48 kHz, rms about 0.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.tracking import Reference
from ddsp_edge.units import db_to_gain

RATE = 48_000
#: Harmonics and how fast they fall (amplitude of the k-th: 1 / k^tilt).
TIMBRES = {"sine": (1, 1.0), "soft": (8, 1.0), "bright": (30, 0.5), "thin": (12, -0.3)}
ONSET_HZ = (65.41, 82.41, 110.0, 220.0, 440.0, 880.0, 1760.0)


@dataclass(frozen=True)
class Signal:
    name: str
    audio: np.ndarray
    reference: Reference


def harmonic(f0_hz: np.ndarray, timbre: str, missing: int = 0) -> np.ndarray:
    """A tone of the given f0 (one value a sample), without its first ``missing`` harmonics."""
    count, tilt = TIMBRES[timbre]
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    out = np.zeros(len(f0_hz))
    for k in range(1 + missing, 1 + missing + count):
        # Unequal phases: no peak at a period's start to help. Silent towards Nyquist.
        below = np.clip((0.45 * RATE - k * f0_hz) / 1000.0, 0.0, 1.0)
        out += below * np.sin(k * phase + k * k) / k**tilt
    return 0.1 * out / np.sqrt(np.mean(out**2))


def steady(f0_hz: float, seconds: float, timbre: str = "soft") -> np.ndarray:
    return harmonic(np.full(round(seconds * RATE), f0_hz), timbre)


def _signal(name: str, f0_hz: np.ndarray, change: Callable[[np.ndarray], np.ndarray] | None = None,
            timbre: str = "soft", missing: int = 0, warm_up_s: float = 0.1) -> Signal:  # fmt: skip
    audio = harmonic(f0_hz, timbre, missing)
    every = RATE // 200
    known = f0_hz[::every].copy()
    known[: round(warm_up_s * 200)] = 0.0  # the onset is another test
    reference = Reference(np.arange(len(known)) / 200, known)
    return Signal(name, change(audio) if change else audio, reference)


def _noisy(snr_db: float, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    def add(audio: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(size=len(audio))
        return audio + 0.1 * db_to_gain(-snr_db) * noise

    return add


def _hum(audio: np.ndarray) -> np.ndarray:
    """Mains hum of -20 dB with its odd harmonics."""
    t = np.arange(len(audio)) / RATE
    return audio + 0.0141 * sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in (1, 3, 5))


def _clipped(audio: np.ndarray) -> np.ndarray:
    return np.clip(audio * 10, -0.5, 0.5)


def _leaps(low_hz: float) -> np.ndarray:
    """A tone that leaps two octaves up or down every 0.25 s."""
    notes = [low_hz, 4 * low_hz] * 4
    return np.repeat(notes, RATE // 4).astype(float)


def tracks() -> Iterator[tuple[str, Signal]]:
    """(group, signal), for raw pitch accuracy."""
    t = np.arange(2 * RATE) / RATE
    for low, high in ((50.0, 200.0), (110.0, 440.0), (220.0, 880.0), (500.0, 2000.0)):
        for timbre in TIMBRES:
            yield "glide, 1 octave/s", _signal(f"{low:g} {timbre}", low * (high / low) ** (t / 2),
                                               timbre=timbre)  # fmt: skip
    for hz in (82.41, 196.0, 440.0, 1046.5):
        for timbre in TIMBRES:
            f0 = hz * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 6 * t))
            yield "vibrato, 6 Hz, +-50 cents", _signal(f"{hz:g} {timbre}", f0, timbre=timbre)
    for hz in (65.41, 110.0, 220.0, 440.0):
        yield "leaps of 2 octaves", _signal(f"{hz:g}", _leaps(hz))
    for hz in (65.41, 110.0, 220.0, 440.0):
        for missing in (1, 2):
            f0 = np.full(RATE, hz)
            yield "missing fundamental", _signal(f"{hz:g} {missing}", f0, missing=missing)
    for snr in (20, 10, 0):
        for i, hz in enumerate((82.41, 196.0, 440.0, 1046.5)):
            for timbre in ("soft", "bright"):
                yield (
                    f"noise, {snr} dB SNR",
                    _signal(
                        f"{hz:g} {timbre}", np.full(RATE, hz), _noisy(snr, 10 * snr + i), timbre
                    ),
                )
    for hz in (82.41, 196.0, 440.0, 1046.5):
        yield "50 Hz hum, -20 dB", _signal(f"{hz:g}", np.full(RATE, hz), _hum)
        yield "clipped by 12 dB", _signal(f"{hz:g}", np.full(RATE, hz), _clipped)


def onset(
    f0_hz: float,
    timbre: str,
    offset: int,
    seconds: float = 0.35,
    attack_s: float = 0.002,
    floor_db: float = -75.0,
) -> tuple[np.ndarray, float]:
    """Room noise at ``floor_db``, then a note at once (cosine attack); and when it begins.

    ``offset`` samples shift it against the hops.
    """
    lead = RATE // 5 + offset
    note = steady(f0_hz, seconds, timbre)
    n = round(attack_s * RATE)
    note[:n] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)
    noise = np.random.default_rng(offset).normal(size=lead + len(note)) * db_to_gain(floor_db)
    noise[lead:] += note
    return noise, lead / RATE
