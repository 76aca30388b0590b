"""Test sounds of which everything is known."""

from __future__ import annotations

import numpy as np

RATE = 48_000


def tone(f0_hz: np.ndarray | float, seconds: float, rate: int = RATE, partials: int = 12):
    """Harmonics falling as 1/k, below Nyquist; ``f0_hz`` is a number or one for each sample."""
    f0 = np.broadcast_to(np.asarray(f0_hz, float), round(seconds * rate))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    out = np.zeros(len(f0))
    for k in range(1, partials + 1):
        out += np.where(k * f0 < 0.45 * rate, np.sin(k * phase + k * k) / k, 0.0)
    return 0.2 * out


def shaped(sound: np.ndarray, attack_s: float = 0.005, release_s: float = 0.02, rate: int = RATE):
    """With a linear start and end."""
    t = np.arange(len(sound)) / rate
    left = len(sound) / rate - t
    return sound * np.minimum(1.0, np.minimum(t / attack_s, left / release_s))


def cents_up(hz: float, cents: float) -> float:
    return hz * 2 ** (cents / 1200)
