"""Short, long, down and up; taps to a tempo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.settings import Settings
from firmware_py.controls.gestures import FASTEST_S, SLOWEST_S, Press, TapTempo, vibrato_hz

LONG = ("short", "long")


def test_without_a_long_one_a_press_acts_as_the_foot_comes_down():
    press = Press(0.6)
    assert press.edge(True, 0.0, ["short"]) == ("down", "short")
    assert press.due_s is None
    assert press.edge(False, 9.0, ["short"]) == ("up",)


def test_with_a_long_one_it_waits_for_the_foot_to_come_up():
    press = Press(0.6)
    assert press.edge(True, 0.0, LONG) == ("down",)
    assert press.due_s == 0.6 and press.poll(0.59) == ()
    assert press.edge(False, 0.59, LONG) == ("short", "up")
    assert press.poll(1.0) == ()


def test_long_comes_while_the_foot_is_down_and_only_once():
    press = Press(0.6)
    press.edge(True, 0.0, LONG)
    assert press.poll(0.6) == ("long",) and press.poll(0.7) == ()
    assert press.edge(False, 0.8, LONG) == ("up",)


def test_a_late_look_does_not_make_a_long_press_short():
    press = Press(0.6)
    press.edge(True, 0.0, LONG)
    assert press.edge(False, 0.7, LONG) == ("long", "up")


def test_repeats_and_unplugging():
    press = Press(0.6)
    press.edge(True, 0.0, LONG)
    assert press.edge(True, 0.1, LONG) == ()
    press.cancel()
    assert (press.down, press.due_s, press.poll(5.0)) == (False, None, ())
    assert press.edge(False, 5.0, LONG) == ()


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["down", "up", "poll"]), st.booleans()),
        max_size=60,
    )
)
def test_every_press_is_short_or_long_but_never_both(steps):
    press, now, told = Press(0.6), 0.0, []
    for later, what, has_long in steps:
        now += later
        known = LONG if has_long else ("short",)
        told += press.poll(now) if what == "poll" else press.edge(what == "down", now, known)
    told += press.edge(False, now, LONG)
    groups = "".join({"down": "d", "up": "u", "short": "s", "long": "l"}[g] for g in told)
    assert all(g in ("dsu", "dlu", "dl") for g in groups.replace("u", "u ").split())
    assert groups.count("d") == groups.count("s") + groups.count("l") == groups.count("u")


def test_taps():
    tempo = TapTempo()
    assert tempo.tap(10.0) is None
    assert tempo.tap(10.5) == pytest.approx(2.0)
    assert tempo.tap(10.5 + FASTEST_S / 2) is None  # a bounce
    assert tempo.tap(11.0) == pytest.approx(2.0)
    for i in range(10):  # another tempo takes over
        last = tempo.tap(11.4 + 0.4 * i)
    assert last == pytest.approx(2.5)
    assert tempo.tap(20.0 + SLOWEST_S) is None


@given(st.lists(st.floats(0, 5), max_size=40))
def test_any_taps_make_a_rate_that_the_setting_takes(gaps):
    tempo, now = TapTempo(), 0.0
    for gap in gaps:
        now += gap
        found = tempo.tap(now)
        if found is not None:
            assert 1 / SLOWEST_S - 1e-9 <= found <= 1 / FASTEST_S + 1e-9
            Settings().changed({"vibrato_rate": vibrato_hz(found)})


@pytest.mark.parametrize(("bpm", "hz"), [(120, 6.0), (66, 5.5), (100, 5.0), (40, 16 / 3)])
def test_vibrato_in_time(bpm, hz):
    assert vibrato_hz(bpm / 60) == pytest.approx(hz)
