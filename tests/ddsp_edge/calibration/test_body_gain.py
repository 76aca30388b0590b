"""What a response does to sines and noise, against a convolution; the maps take it into account."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import read_bundle, with_response
from ddsp_edge.bundles.response import BodyResponse
from ddsp_edge.calibration.body_gain import BodyGain
from ddsp_edge.calibration.fit import fit_loudness_map
from ddsp_edge.calibration.spectra import measure
from ddsp_edge.decoding.networks import SHIPPED

RATE = 48_000


def room(seconds: float = 0.25, level: float = 0.3) -> np.ndarray:
    """Noise that decays by 60 dB in its length, with so much of the direct sound's energy."""
    n = round(seconds * RATE)
    tail = np.random.default_rng(4).standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    return (level * tail / np.sqrt((tail**2).sum())).astype(np.float32)


def test_a_sine_is_as_loud_as_after_a_convolution() -> None:
    response = room()
    gain = BodyGain(BodyResponse(response, RATE))
    hz = np.array([196.0, 440.3, 1234.5, 7000.0])
    t = np.arange(RATE) / RATE
    for f0_hz, found in zip(hz, gain.at(hz), strict=True):
        tone = np.sin(2 * np.pi * f0_hz * t)
        heard = tone + np.convolve(tone, response)[: len(tone)]
        wanted = np.mean(heard[RATE // 2 :] ** 2) / np.mean(tone[RATE // 2 :] ** 2)
        assert found == pytest.approx(wanted, rel=0.02)
    assert np.array_equal(gain.at(np.array([30_000.0])), [1.0])


def test_noise_gains_the_energy_of_the_response() -> None:
    bands = BodyGain(BodyResponse(room(), RATE)).of_bands(65, RATE / 2)
    assert len(bands) == 65
    assert bands[1:-1].mean() == pytest.approx(1.0 + 0.3**2, rel=0.02)


def test_a_response_is_part_of_what_is_measured_and_mapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ddsp_edge.calibration.fit.STEP_DB", 10.0)
    dry = read_bundle(SHIPPED.parent / "flute.zip")
    wet = with_response(dry, np.full(1, 1.0, np.float32))  # twice as loud, nothing else
    notes, shown = np.array([57.0, 69.0]), np.array([-30.0, -12.0])
    a, b = measure(dry, notes, shown), measure(wet, notes, shown)
    assert np.allclose(b.level_db - a.level_db, 20 * np.log10(2), atol=0.1)
    assert np.allclose(b.noise_share, a.noise_share, atol=1e-3)
    assert np.allclose(b.centroid_hz, a.centroid_hz, rtol=1e-3)
    gains = [np.array(fit_loudness_map(bundle).gain_db) for bundle in (dry, wet)]
    heard = (np.abs(gains[0]) < 30) & (gains[0] != 0)
    assert heard.any()
    assert np.allclose((gains[0] - gains[1])[heard], 20 * np.log10(2), atol=0.15)
