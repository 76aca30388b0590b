"""The measure of drift: nothing for the same, the right number for a known difference."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.training.export.drift import Drift, Step, check_track, measure


def _player(gain: float = 1.0, noise_gain: float = 1.0, tilt_db: float = 0.0) -> Step:
    def step(f0: np.ndarray, pw: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
        state = np.float32(0.5) * state + np.float32(0.1) * pw
        share = np.array([0.7, 0.3], np.float32)
        share = share * np.array([1.0, 10 ** (tilt_db / 20)], np.float32)
        return gain * (pw + 0.01), share / share.sum(), noise_gain * np.full(3, 0.02), state

    return step


def test_the_same_has_no_drift() -> None:
    drift = measure(_player(), _player(), 4, check_track(100))
    assert (drift.amplitude_db, drift.harmonics_db, drift.noise_db, drift.state) == (0, 0, 0, 0)
    assert (drift.steps, drift.finite) == (100, True)


def test_a_known_gain() -> None:
    drift = measure(_player(), _player(gain=10 ** (-0.5 / 20)), 4, check_track(100))
    assert drift.amplitude_db == pytest.approx(0.5, rel=1e-3)
    assert drift.harmonics_db == pytest.approx(0.5, rel=1e-3)  # the partials are that much softer
    assert drift.noise_db == 0


def test_noise_has_its_own_number() -> None:
    drift = measure(_player(), _player(noise_gain=10 ** (1 / 20)), 4, check_track(100))
    assert drift.noise_db == pytest.approx(1.0, rel=1e-3)
    assert drift.amplitude_db == 0


def test_a_changed_spectrum_at_the_same_amplitude() -> None:
    drift = measure(_player(), _player(tilt_db=2.0), 4, check_track(100))
    assert drift.amplitude_db == 0
    assert 0.5 < drift.harmonics_db < 2.0


def test_not_finite_is_never_within() -> None:
    drift = measure(_player(), _player(gain=np.nan), 4, check_track(20))
    assert not drift.finite
    everything = Drift(0, np.inf, np.inf, np.inf, np.inf, True)
    assert not drift.within(everything)


@pytest.mark.parametrize("field", ["amplitude_db", "harmonics_db", "noise_db", "state"])
def test_each_figure_has_its_own_limit(field: str) -> None:
    values = {"amplitude_db": 0.1, "harmonics_db": 0.1, "noise_db": 0.1, "state": 0.1}
    limit = Drift(0, 0.2, 0.2, 0.2, 0.2, True)
    assert Drift(10, **values, finite=True).within(limit)
    assert not Drift(10, **{**values, field: 0.3}, finite=True).within(limit)


def test_the_check_track_covers_glides_leaps_and_rests() -> None:
    f0, pw = check_track(1000, 110.0, 880.0)
    assert f0.dtype == pw.dtype == np.float32
    assert (f0.min(), f0.max()) == (pytest.approx(45 / 127, 1e-3), pytest.approx(81 / 127, 1e-2))
    assert pw.min() == 0.0  # silence
    assert pw.max() > 0.75
    assert len(np.unique(np.round(f0[600:800], 4))) >= 7  # notes
    assert (np.diff(f0[:200]) > 0).all()  # a glide
