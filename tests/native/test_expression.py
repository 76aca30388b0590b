"""The chooser in C: what is drawn of tendencies, and that nothing but their ranges comes out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from native._kernel import ffi, lib

from ddsp_edge.bundles.expression import USUAL_LENGTH_S, USUAL_VELOCITY, Tendency
from ddsp_edge.midi.beat import Beat
from native.expression import QUANTITIES, Chooser, value_at

NAN = float("nan")


def drawn(chooser: Chooser, name: str, count: int = 2000) -> np.ndarray:
    return np.array(
        [
            getattr(chooser.choose(i % 16, 40 + i % 50, 0.7, float(i), length_s=0.7), name)
            for i in range(count)
        ]
    )


def test_the_usual_note_has_the_mean() -> None:
    """Python's fit counts slopes from the same note as C."""
    tendency = Tendency(3.0, 1.0, pitch=1.0, velocity=1.0, length=1.0)
    assert value_at(tendency, 0.0, USUAL_VELOCITY, USUAL_LENGTH_S, 0.0) == 3.0
    assert value_at(tendency, 1.0, USUAL_VELOCITY, 2 * USUAL_LENGTH_S, -0.5) == 4.5


def test_draws_are_normal_about_the_mean_and_independent() -> None:
    tendencies = {"vibrato_cents": Tendency(50.0, 10.0), "vibrato_db": Tendency(3.0, 0.5)}
    cents, db = (drawn(Chooser(65.0, tendencies, 1), name) for name in tendencies)
    assert np.mean(cents) == pytest.approx(50.0, abs=0.8)
    assert np.std(cents) == pytest.approx(9.8, abs=0.6)  # ends at 2.5 deviations
    assert cents.min() >= 25.0 and cents.max() <= 75.0
    assert abs(np.corrcoef(cents, db)[0, 1]) < 0.08
    assert abs(np.corrcoef(cents[1:], cents[:-1])[0, 1]) < 0.08
    within = np.mean(np.abs(cents - 50.0) < 10.0)
    assert within == pytest.approx(0.683, abs=0.03)


def test_what_is_not_known_asks_for_nothing() -> None:
    chooser = Chooser(60.0, {"vibrato_hz": Tendency(5.0)}, 1)
    how = chooser.choose(0, 60, 0.7, 0.0)
    asked = {name for name, value in how._asdict().items() if value}
    # All of the length falls: the part that rises is not known.
    assert asked == {"seed", "vibrato_hz", "fade_s"}


@pytest.mark.parametrize("seeds", [(0, 1), (1, 2), (7, 2**32 - 1)])
def test_seeds_play_differently(seeds: tuple[int, int]) -> None:
    tendencies = {"detune_cents": Tendency(0.0, 10.0)}
    one, other = (drawn(Chooser(60.0, tendencies, seed), "detune_cents") for seed in seeds)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.08


def test_shares_are_those_that_were_asked_for() -> None:
    tendencies = {
        "scoop_share": Tendency(0.3),
        "scoop_cents": Tendency(-20.0),
        "scoop_s": Tendency(0.1),
    }
    assert np.mean(drawn(Chooser(60.0, tendencies, 1), "scoop_s") > 0) == pytest.approx(
        0.3, abs=0.05
    )


@pytest.mark.parametrize(
    "struck",
    [
        {"time_s": NAN, "velocity": NAN, "length_s": NAN, "in_phrase": NAN},
        {"time_s": math.inf, "velocity": 1e300, "length_s": 1e300, "in_phrase": 1e300},
        {"time_s": -math.inf, "velocity": -5.0, "length_s": -math.inf, "in_phrase": -1e300},
        {"channel": -1, "note": 2**31 - 1, "tied_to": 2**31 - 1},
        {"channel": 2**31 - 1, "note": -(2**31), "tied_to": -(2**31)},
    ],
)
def test_no_note_asks_for_what_is_not_played(struck: dict[str, float]) -> None:
    largest = {
        name: Tendency(q.maximum, q.largest, q.largest, q.largest, q.largest)
        for name, q in QUANTITIES.items()
    }
    chooser = Chooser(60.0, largest, 3)
    out = ffi.new("ddsp_note_expression *")
    for _ in range(50):
        lib.ddsp_chooser_choose(chooser._chooser, ffi.new("ddsp_struck_note *", struck), out)
        for name, quantity in QUANTITIES.items():
            if name in ("scoop_cents", "accent_db") or not hasattr(out, name):
                continue
            value = getattr(out, name)
            low, high = np.float32(quantity.minimum), np.float32(quantity.maximum)
            assert value == 0.0 or low <= value <= high, name
        assert abs(out.scoop_cents) <= 1200.0 and abs(out.accent_db) <= 9.0 + 8.1
        assert 0.0 <= out.swell_s <= 4.0 and 0.0 <= out.fade_s <= 4.0


def swell_s(beat: Beat, time_s: float, own_s: float, sync: str) -> float:
    """When the swell of a note of four seconds, which would arrive at ``own_s``, arrives."""
    chooser = Chooser(60.0, {"swell_share": Tendency(own_s / 4.0)}, 1)
    return chooser.choose(0, 60, 0.7, time_s, None, 4.0, None, beat, sync).swell_s


def test_a_swell_arrives_at_the_nearest_line_that_is_still_to_come() -> None:
    beat = Beat(10.0, 4.0, 2.0)  # beat 4 is a bar line
    assert swell_s(beat, 10.0, 0.6, "beat") == pytest.approx(0.5)
    assert swell_s(beat, 10.0, 0.1, "beat") == pytest.approx(0.5)  # not the one it stands on
    assert swell_s(beat, 10.25, 0.1, "beat") == pytest.approx(0.25)
    assert swell_s(beat, 10.25, 2.4, "bar") == pytest.approx(1.75)
    three = Beat(10.0, 4.0, 2.0, bar=3.0, bar_from=1.0)
    assert swell_s(three, 10.0, 0.1, "bar") == pytest.approx(1.5)
    assert swell_s(beat, 10.0, 0.6, "off") == pytest.approx(0.6)


@pytest.mark.parametrize(
    "beat",
    [
        Beat(10.0, 4.0, 0.0),
        Beat(NAN, 4.0, 2.0),
        Beat(10.0, math.inf, 2.0),
        Beat(10.0, 4.0, NAN),
        Beat(10.0, 4.0, 2.0, bar=0.0),
        Beat(10.0, 4.0, 2.0, bar=NAN),
        Beat(10.0, 4.0, 2.0, bar_from=math.inf),
        Beat(10.0, 4.0, 2.0, bar=1e4),  # longer than the note
    ],
)
def test_without_a_line_in_it_a_note_keeps_its_own_swell(beat: Beat) -> None:
    assert swell_s(beat, 10.3, 0.7, "bar") == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("middle", "tendency"),
    [
        (NAN, Tendency(5.0)),
        (1e6, Tendency(5.0)),
        (60.0, Tendency(NAN)),
        (60.0, Tendency(5.0, deviation=-1.0)),
        (60.0, Tendency(5.0, pitch=math.inf)),
        (60.0, Tendency(5.0, velocity=-14.0)),
        (60.0, Tendency(99.0)),
    ],
)
def test_numbers_out_of_range_are_refused(middle: float, tendency: Tendency) -> None:
    with pytest.raises(ValueError, match="chooser"):
        Chooser(middle, {"vibrato_hz": tendency}, 1)


def test_there_is_no_quantity_beyond_the_last() -> None:
    assert lib.ddsp_quantity_get(-1) == ffi.NULL
    assert lib.ddsp_quantity_get(lib.DDSP_QUANTITIES) == ffi.NULL
    assert len(QUANTITIES) == lib.DDSP_QUANTITIES
