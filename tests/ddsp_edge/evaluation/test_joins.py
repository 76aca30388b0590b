"""The measure of joins, on sounds whose treble is known."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.evaluation import measure_joins
from ddsp_edge.evaluation.joins import HOP_S, band_level

RATE = 48_000
STARTS = [0.2, 0.7, 1.2]


def noise(low_hz: float, high_hz: float, seconds: float = 1.8) -> np.ndarray:
    """Noise of one band; its mean square is 1."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=round(seconds * RATE)))
    hz = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum[(hz < low_hz) | (hz >= high_hz)] = 0.0
    sound = np.fft.irfft(spectrum)
    return sound / sound.std()


def line(burst_db: float, held_db: float = -60.0, late_s: float = 0.0) -> np.ndarray:
    """Three notes of 300 Hz; treble in the first 40 ms of each, and as long as it is held."""
    at = np.arange(round(1.8 * RATE)) / RATE
    treble, sound = noise(5_200, 11_800), np.zeros(len(at))
    for start in STARTS:
        note = (at >= start + late_s) & (at < start + 0.45)
        sound += 0.1 * np.sqrt(2) * np.sin(2 * np.pi * 300 * at) * note
        sound += 0.1 * 10 ** (held_db / 20) * treble * note
        sound += 0.1 * 10 ** (burst_db / 20) * treble * (note & (at < start + late_s + 0.04))
    return sound


def test_the_level_of_a_band() -> None:
    sound = 0.1 * noise(5_200, 11_800)
    inside = band_level(sound, RATE, 5_000, 12_000)[round(0.1 / HOP_S) : -round(0.1 / HOP_S)]
    assert np.mean(inside) == pytest.approx(-20.0, abs=0.5)
    assert band_level(sound, RATE, 20, 4_500)[50:-50].max() < -60.0


def test_a_burst_is_what_neither_the_input_nor_the_held_note_has() -> None:
    dry = line(-30.0)
    for treble_db, held_db, wanted in ((-18, -60, 12.0), (-30, -60, 0.0), (-60, -18, 0.0)):
        for join in measure_joins(dry, 0.5 * line(treble_db, held_db), RATE, STARTS):
            assert join.burst_db == pytest.approx(wanted, abs=4.0), join
    assert [join.at_s for join in measure_joins(dry, dry, RATE, STARTS)] == STARTS


def test_a_late_note_is_late() -> None:
    dry = line(-30.0)
    for join in measure_joins(dry, line(-30.0, late_s=0.04), RATE, STARTS):
        assert join.late_s == pytest.approx(0.04, abs=0.006)
    for join in measure_joins(dry, dry, RATE, STARTS):
        assert join.late_s == 0.0


def test_silence_is_not_a_burst() -> None:
    dry = line(-30.0)
    for join in measure_joins(dry, np.zeros_like(dry), RATE, STARTS):
        assert np.isfinite(join.output_db) and join.burst_db <= 30.0
