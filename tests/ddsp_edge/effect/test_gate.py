"""The quiet end fades, the gate opens and closes as it should and does not chatter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_players.gate import ATTACK_S, HOLD_S, KNEE_DB, RELEASE_S, Gate, knee

from ddsp_edge.units import SILENCE_DB

HOP = 0.005


def gate(threshold=-40.0, hysteresis=6.0):
    it = Gate()
    it.set(threshold, hysteresis)
    it.reset()
    return it


def changes(levels, **settings):
    """How often the gate opens or closes."""
    it, states = gate(**settings), [False]
    for level in levels:
        it.step(level, HOP)
        states.append(it.open)
    return int(np.abs(np.diff(np.array(states, int))).sum())


@given(st.floats(-120, 10), st.floats(-120, 10))
def test_the_knee_is_a_smooth_curve(a, b):
    low, high = sorted((a, b))
    assert SILENCE_DB <= knee(low) <= knee(high)
    assert knee(high) - knee(low) <= 2 * (high - low) + 1e-9
    if high >= KNEE_DB:
        assert knee(high) == high


def test_without_a_threshold_all_passes_from_the_first_tick():
    it = gate(SILENCE_DB)
    assert [it.step(level, HOP) for level in (-120.0, -70.0, 0.0)] == [0, 0, 0]


def test_opens_at_once_holds_then_fades():
    it = gate()
    assert it.step(-41, HOP) == SILENCE_DB and not it.open
    assert it.step(-40, ATTACK_S) == 0 and it.open
    assert it.step(-45.9, HOP) == 0  # within the hysteresis
    cuts = [it.step(-47, HOP) for _ in range(60)]
    closed = next(i for i, cut in enumerate(cuts) if cut < 0)
    assert (closed + 1) * HOP == pytest.approx(HOLD_S + HOP, abs=1.01 * HOP)
    steps = -np.diff([0, *cuts[closed:]])
    assert steps.max() <= -SILENCE_DB * HOP / RELEASE_S + 1e-9
    assert cuts[-1] == SILENCE_DB
    # Between the thresholds a closed gate stays closed.
    assert it.step(-43, HOP) == SILENCE_DB and not it.open


@pytest.mark.parametrize(("hysteresis", "most"), [(0.0, 3), (6.0, 1)])
def test_a_level_at_the_threshold_does_not_make_it_chatter(hysteresis, most):
    """Ten seconds of a level that rattles around the threshold, +-2 dB, crossing it 1000 times."""
    levels = -40 + np.random.default_rng(1).uniform(-2, 2, 2000)
    assert 1 <= changes(levels, hysteresis=hysteresis) <= most


def test_a_decaying_string_closes_it_once():
    rng = np.random.default_rng(2)
    levels = np.linspace(-10, -70, 1000) + rng.normal(0, 1.0, 1000)
    assert changes(levels) == 2


@given(
    st.lists(st.tuples(st.floats(-150, 20), st.floats(1e-4, 0.1)), max_size=80),
    st.floats(-80, -10),
    st.floats(0, 24),
)
def test_any_levels(ticks, threshold, hysteresis):
    it = gate(threshold, hysteresis)
    last, closed_for, was_open = it.step(-80.0, HOP), 0.0, it.open
    for level, dt in ticks:
        cut = it.step(level, dt)
        assert SILENCE_DB <= cut <= 0
        # Down at the speed of the release at most: no step.
        assert last - cut <= -SILENCE_DB * dt / RELEASE_S + 1e-6
        if it.open and not was_open:
            assert level >= threshold
        closed_for = closed_for + dt if level < threshold - hysteresis else 0.0
        if was_open and not it.open:
            assert closed_for >= HOLD_S - 1e-9
        last, was_open = cut, it.open


def test_a_new_threshold_fades_too():
    it = gate(-60)
    for _ in range(10):
        it.step(-30, HOP)
    it.set(-20, 6)
    cuts = [it.step(-30, HOP) for _ in range(60)]
    assert cuts[0] == 0 and cuts[-1] == SILENCE_DB
    assert np.diff(cuts).min() >= SILENCE_DB * HOP / RELEASE_S - 1e-9
    it.set(SILENCE_DB, 6)
    assert it.step(-30, HOP) == 0
