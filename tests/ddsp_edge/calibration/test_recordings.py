"""By how much recordings get duller where they get louder."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.calibration.recordings import centroid_fall

RATE = 48_000


def tones(tilt: float) -> list[np.ndarray]:
    """Notes that swell by 20 dB, whose second partial changes by ``tilt`` dB on the way."""
    t = np.arange(4 * RATE) / RATE
    swell_db = -20.0 + 5.0 * t
    sounds = []
    for f0_hz in (220.0, 330.0):
        second = 10 ** ((-6.0 + tilt * t / 4) / 20)
        tone = np.sin(2 * np.pi * f0_hz * t) + second * np.sin(2 * np.pi * 2 * f0_hz * t)
        sounds.append((0.2 * 10 ** (swell_db / 20) * tone).astype(np.float32))
    return sounds


def test_what_gets_brighter_does_not_fall() -> None:
    assert centroid_fall(tones(6.0), RATE) == 0.0
    assert centroid_fall(tones(0.0), RATE) < 0.01


def test_what_gets_duller_falls_by_as_much() -> None:
    def centroid(second_db: float) -> float:
        power = 10 ** (second_db / 10)
        return (1 + 2 * power) / (1 + power)

    # Between the means of the softest and the loudest of six bins.
    wanted = 1 - centroid(-6 - 6 * 11 / 12) / centroid(-6 - 6 / 12)
    assert centroid_fall(tones(-6.0), RATE) == pytest.approx(wanted, abs=0.02)


def test_without_sound_there_is_no_fall() -> None:
    assert centroid_fall([], RATE) == 0.0
    assert centroid_fall([np.zeros(RATE, np.float32), np.zeros(10, np.float32)], RATE) == 0.0
