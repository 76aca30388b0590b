"""An expression pedal: its ends, its noise, its calibration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.controls.config import ExpressionConfig
from firmware_py.controls.expression import PedalPosition


def told(raws, **config):
    pedal = PedalPosition(ExpressionConfig("a", 0, **config))
    positions = [pedal.read(float(raw)) for raw in raws]
    return [p for p in positions if p is not None]


def test_the_whole_way_and_back():
    sweep = np.concatenate([np.linspace(0, 1, 100), np.ones(20), np.linspace(1, 0, 100)])
    positions = told([*sweep, *np.zeros(20)])
    assert positions[0] == 0.0 and max(positions) == 1.0 and positions[-1] == 0.0
    assert np.abs(np.diff(positions)).max() < 0.05


def test_reversed_and_worn():
    assert told([0.9] * 5, heel=0.9, toe=0.15)[-1] == 0.0
    assert told([0.15] * 5, heel=0.9, toe=0.15)[-1] == 1.0
    assert told([0.977] * 5)[-1] == 1.0


def test_a_foot_that_stands_still_says_nothing():
    """Ten seconds of converter noise of two steps."""
    rng = np.random.default_rng(1)
    raws = 0.5 + rng.integers(-2, 3, 1000) / 1023
    assert len(told(raws)) <= 3


def test_a_spike_is_not_a_move():
    raws = [0.3] * 20
    raws[10] = 1.0
    assert len(told(raws)) == 1


def test_it_can_be_told_again():
    pedal = PedalPosition(ExpressionConfig("a", 0))
    first = pedal.read(0.4)
    assert first == pytest.approx(0.396, abs=0.01) and pedal.read(0.4) is None
    pedal.again()
    assert pedal.read(0.4) == pytest.approx(first, abs=1e-6)


@given(st.lists(st.floats(), max_size=50), st.floats(0, 1), st.floats(0, 1))
def test_any_reading_is_a_position_or_nothing(raws, heel, toe):
    if abs(toe - heel) >= 0.05:
        assert all(0.0 <= p <= 1.0 for p in told(raws, heel=heel, toe=toe))
