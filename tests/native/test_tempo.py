"""Vibratos that follow a beat, carried out by the C player."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ddsp_edge.settings import WAVES_IN_BEAT
from native.player import ALL_VOICES, NoteExpression, Touch
from tests.native.test_motion import HOP_S, Playing

STEADY_VIBRATO = NoteExpression(seed=5, vibrato_cents=20.0, vibrato_hz=5.3)


def _rates(cents: np.ndarray) -> np.ndarray:
    """Waves a second between the upward crossings of zero."""
    at = np.flatnonzero((cents[:-1] <= 0.0) & (cents[1:] > 0.0))
    exact = at - cents[at] / (cents[at + 1] - cents[at])
    return 1.0 / (np.diff(exact) * HOP_S)


@pytest.mark.parametrize(
    ("sync", "hz"),
    [("nearest", 6.0), ("1/4", 2.0), ("1/8", 4.0), ("1/8T", 6.0), ("1/16", 8.0), ("1/32", 8.0)],
)
def test_it_has_the_rate_of_a_note_value_and_the_phase_of_the_beat(sync: str, hz: float) -> None:
    playing = Playing(vibrato_sync=sync)
    playing.synth.beat(2.0, 0.0, 0.0, 0.0)
    cents = playing.start(STEADY_VIBRATO).run(4.0)[:, 0]
    assert _rates(cents) == pytest.approx(hz, rel=0.01)
    # A frame says what is reached a hop later: on a beat the wave goes up through the middle.
    assert abs(cents[98]) < 0.1 and cents[96] < -1.0 and cents[100] > 1.0


def test_nearest_is_within_a_fifth_of_its_own_rate() -> None:
    for bpm in range(60, 200, 7):
        playing = Playing(vibrato_sync="nearest")
        playing.synth.beat(bpm / 60.0, 0.0, 0.0, 0.0)
        rate = float(np.median(_rates(playing.start(STEADY_VIBRATO).run(3.0)[:, 0])))
        assert abs(math.log(rate / 5.3)) < 0.36
        assert min(
            abs(rate - waves * bpm / 60.0) for waves in [*WAVES_IN_BEAT.values(), 1.5]
        ) == pytest.approx(0.0, abs=0.05)


def test_a_held_note_goes_over_to_the_beat_and_back_without_a_jump() -> None:
    playing = Playing(vibrato_sync="1/8").start(STEADY_VIBRATO)
    free = playing.run(1.0)[:, 0]
    playing.synth.beat(2.0, 0.3, 0.0, playing.now_s)
    locked = playing.run(4.0)[:, 0]
    playing.synth.beat(0.0, 0.0, 0.0, playing.now_s)  # the clock is lost
    again = playing.run(3.0)[:, 0]
    assert _rates(free) == pytest.approx(5.3, rel=0.01)
    assert _rates(locked)[-6:] == pytest.approx(4.0, rel=0.01)
    assert _rates(again)[-6:] == pytest.approx(5.3, rel=0.01)
    whole = np.concatenate([free, locked, again])
    fastest = 20.0 * 2.0 * math.pi * 5.3 * 1.2 * HOP_S
    assert np.abs(np.diff(whole)).max() < fastest
    assert np.abs(np.diff(_rates(whole))).max() < 1.3


def test_without_a_beat_the_setting_changes_nothing() -> None:
    plain = Playing().start(STEADY_VIBRATO).run(2.0)
    assert np.array_equal(Playing(vibrato_sync="1/16").start(STEADY_VIBRATO).run(2.0), plain)
    without = Playing()
    without.synth.beat(2.0, 0.0, 0.0, 0.0)
    assert np.array_equal(without.start(STEADY_VIBRATO).run(2.0), plain)


def test_the_mod_wheels_vibrato_follows_too() -> None:
    playing = Playing(vibrato_sync="1/8T", expression=0).start(NoteExpression())
    playing.synth.touch(ALL_VOICES, Touch(vibrato=1.0), 0.0)
    playing.synth.beat(2.0, 0.0, 0.0, 0.0)
    assert _rates(playing.run(4.0)[:, 0])[-6:] == pytest.approx(6.0, rel=0.01)


@pytest.mark.parametrize("beat", [(math.nan, 0, 0), (2.0, math.inf, 0), (1e9, 0, math.nan)])
def test_a_beat_that_is_no_number_does_no_harm(beat: tuple[float, float, float]) -> None:
    playing = Playing(vibrato_sync="1/8").start(STEADY_VIBRATO)
    playing.synth.beat(*beat, 0.0)
    assert np.isfinite(playing.run(1.0)).all()
