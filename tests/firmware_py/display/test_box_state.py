"""From whatever an engine may say to what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.display.box_state import SHORT_S, BoxState, meter
from firmware_py.display.characters import write
from firmware_py.display.screens import CodeScreen, MessageScreen, PlayScreen, TunerScreen

STATUS = {
    "event": "state",
    "v": 1,
    "model": "violin",
    "model_name": "Violin",
    "preset": "Warm",
    "edited": False,
    "source": "effect",
    "source_mode": "auto",
    "input_dbfs": -30.0,
    "output_dbfs": -12.0,
    "tuner": False,
    "bypass": False,
    "mute": False,
    "freeze": False,
    "loading": None,
    "card": {"state": "running", "no_sound_s": 0.0},
    "warnings": [],
}


@pytest.fixture
def box():
    state = BoxState(address="10.0.0.7")
    state.hear(STATUS, 0.0)
    return state


def change(box, now_s=1.0, **values):
    box.hear({"event": "meters", **values}, now_s)
    return box.screen(now_s)


def test_what_plays(box):
    expected = PlayScreen(
        title="Warm",
        model="Violin",
        source="auto input",
        input=0.5,
        output=0.8,
        address="10.0.0.7",
    )
    assert box.screen(0.0) == expected
    assert change(box, edited=True) == replace(expected, title="Warm*")
    found = change(box, preset=None, source="synth", source_mode="synth", input_clip=True)
    assert found == replace(expected, title="violin", source="MIDI", clip=True)


def test_no_engine_and_an_engine_that_comes_back(box):
    assert box.screen(0.0) != MessageScreen("ddsp-edge", "waiting for the engine")
    box.lose()
    assert box.screen(0.0) == MessageScreen("ddsp-edge", "waiting for the engine")
    box.hear(STATUS, 2.0)
    assert isinstance(box.screen(2.0), PlayScreen)


def test_the_tuner_and_before_it_a_code_that_a_phone_asks_for(box):
    assert change(box, tuner=True, note=None, cents=None) == TunerScreen()
    found = change(box, note="A4", cents=-3.2, steady=True)
    assert found == TunerScreen("A4", -3.2, True)
    box.code = "123456"
    assert box.screen(1.0) == CodeScreen("123456", "10.0.0.7")


def test_the_most_important_notice_comes_first(box):
    assert change(box, freeze=True, mute=True).notice == "mute, freeze"
    assert change(box, loading="cello").notice == "loading"
    assert change(box, warnings=["no real time"]).notice == "no real time"
    assert change(box, card={"state": "waiting"}).notice == "sound card: waiting"
    still = {"state": "running", "no_sound_s": 3.2}
    assert change(box, card=still).notice == "no sound for 3 s"


def test_a_warning_is_shown_for_a_moment_each_time_that_it_comes(box):
    assert change(box, 10.0, warnings=["one"]).notice == "one"
    assert change(box, 10.0 + SHORT_S, warnings=["one"]).notice == ""
    assert change(box, 30.0, warnings=["one", "two"]).notice == "two"
    change(box, 31.0, warnings=[])
    assert change(box, 50.0, warnings=["one"]).notice == "one"


def test_new_xruns_are_told_and_old_ones_are_not(box):
    box.count({"stream": {"xruns": 5}}, 10.0)
    assert box.screen(10.0).notice == ""
    box.count({"stream": {"xruns": 6}}, 12.0)
    assert box.screen(12.0).notice == "1 xrun"
    box.count({"stream": {"xruns": 6}}, 14.0)
    assert box.screen(12.0 + SHORT_S).notice == ""
    box.count({"stream": {"xruns": 9}}, 40.0)
    assert box.screen(40.0).notice == "3 xruns"
    for nothing in ({"stream": None}, {}, {"stream": {"xruns": "many"}}):
        box.count(nothing, 41.0)
    box.count({"stream": {"xruns": 7}}, 60.0)  # a new stream begins its count
    assert box.screen(60.0).notice == ""


def test_the_meter_has_steps_of_a_decibel():
    assert [meter(level) for level in (-90, -60, -30, 0, 6)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert meter(-30.2) == meter(-29.8) != meter(-29.0)  # so a picture is not sent for nothing
    assert meter(None) == meter(float("nan")) == meter("loud") == meter(float("-inf")) == 0.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*STATUS, "note", "cents", "steady"], JSON)),
    JSON,
)
def test_whatever_the_engine_says_there_is_a_screen_that_can_be_written(status, stats):
    box = BoxState()
    for event in (STATUS, status | {"event": "state"}, status | {"event": "meters"}):
        box.hear(event, 0.0)
        box.count(stats if isinstance(stats, dict) else {"stream": stats}, 0.0)
        for size in ((20, 4), (16, 2)):
            assert len(write(box.screen(0.0), *size)) == size[1]
