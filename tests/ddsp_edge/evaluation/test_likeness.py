"""How like two sounds are: what is matched counts for nothing, what differs is found."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.evaluation import likeness

RATE = 16_000


def _tone(f0_hz: float = 440.0, seconds: float = 1.5, partials: int = 15) -> np.ndarray:
    """A swelling harmonic tone with a little noise, so that each delay has a loss of its own."""
    at = np.arange(round(seconds * RATE)) / RATE
    swell = 0.05 + 0.2 * (1.2 + np.sin(2 * np.pi * 3.0 * at))
    sound = sum(np.sin(2 * np.pi * k * f0_hz * at) / k for k in range(1, partials + 1))
    return swell * sound + 1e-3 * np.random.default_rng(1).standard_normal(len(at))


def test_level_and_delay_count_for_nothing() -> None:
    reference = _tone()
    late = 0.3 * np.concatenate([np.zeros(round(0.023 * RATE)), reference])
    found = likeness.like(reference, late, RATE)
    assert found.delay_s == pytest.approx(0.023, abs=5e-4)
    assert found.loss < 0.05
    assert found.f0_cents < 0.5 and found.f0_right > 0.95
    assert found.loudness > 0.999
    assert found.low_mid_db == pytest.approx(0.0, abs=0.05)
    assert found.centroid == pytest.approx(1.0, abs=0.02)
    assert np.isnan(found.top_db), "nothing above 8 kHz at 16 kHz"


def test_what_differs_is_found() -> None:
    reference = _tone()
    other = likeness.like(reference, _tone(440.0 * 2 ** (20 / 1200), partials=5), RATE)
    assert other.f0_cents == pytest.approx(20.0, abs=1.0)
    assert other.high_db < -10.0
    noisy = reference + 0.05 * np.random.default_rng(2).standard_normal(len(reference))
    less_clean = likeness.like(reference, noisy, RATE)
    assert less_clean.hnr_db < less_clean.hnr_reference_db - 3.0
    assert less_clean.loss > likeness.like(reference, reference, RATE).loss + 1.0


def test_silence_and_too_little_are_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        likeness.like(_tone(), np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match="half a second"):
        likeness.like(_tone(), _tone()[: RATE // 4], RATE)


def test_a_mean_leaves_out_what_is_unknown() -> None:
    rows = [likeness.like(_tone(), _tone(), RATE) for _ in range(2)]
    mean = likeness.mean(rows)
    assert mean.loss == pytest.approx(rows[0].loss)
    assert np.isnan(mean.top_db)
    assert mean.as_dict()["top_db"] is None
