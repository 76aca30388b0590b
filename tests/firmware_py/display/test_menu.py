"""The menu: what turning and pushing asks for and shows, without engine, clock or display."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.api.verbs import check_request
from ddsp_edge.settings import SETTINGS
from firmware_py.display import menu as menus
from firmware_py.display.menu import MAIN, SHUT_DOWN, Menu, Request
from firmware_py.display.screens import ListScreen, MessageScreen, ValueScreen

PRESETS = {
    "presets": [
        {"name": "Warm", "problem": ""},
        {"name": "Torn", "problem": "is not TOML"},
        {"name": "Café", "problem": ""},
    ],
    "preset": "Café",
}
MODELS = {"models": [{"name": "cello", "problem": ""}, {"name": "violin", "problem": None}]}


class Hand:
    """A hand at the knob, and the requests that came of it."""

    def __init__(self):
        self.asked = []
        self.status = {"settings": {"output_gain": 0.0}, "source_mode": "effect", "model": "violin"}
        self.menu = Menu(self.asked.append, lambda: self.status, lambda: ("box", "eth0 10.0.0.7"))
        self.now_s = 100.0

    def go(self, page):
        """Open a page of the main menu."""
        self.menu.push(self.now_s)
        self.turn(-9)
        self.turn(MAIN.index(page))
        self.menu.push(self.now_s)

    def turn(self, clicks):
        self.menu.turn(clicks, self.now_s)

    def push(self):
        self.menu.push(self.now_s)

    def hold(self):
        self.menu.hold(self.now_s)

    def answer(self, result):
        self.menu.answered(self.asked[-1], result, self.now_s)

    @property
    def screen(self):
        return self.menu.screen()


@pytest.fixture
def hand():
    return Hand()


def test_a_push_opens_the_menu_and_a_long_one_goes_back(hand):
    assert hand.screen is None and not hand.menu.open
    hand.push()
    assert hand.screen == ListScreen("Menu", MAIN, 0)
    hand.turn(2)
    hand.turn(-1)
    assert hand.screen.at == 1
    hand.turn(99)
    assert hand.screen.at == len(MAIN) - 1
    hand.turn(-99)
    hand.turn(MAIN.index("Network"))
    hand.push()
    assert hand.screen == ListScreen("Network", ("box", "eth0 10.0.0.7"), 0, -1)
    hand.hold()
    assert hand.screen == ListScreen("Menu", MAIN, MAIN.index("Network"))
    hand.hold()
    assert hand.screen is None and hand.asked == []


def test_a_preset_is_chosen_from_those_that_can_be_played(hand):
    hand.go("Preset")
    assert hand.asked == [Request("presets")] and isinstance(hand.screen, MessageScreen)
    hand.push()  # nothing can be chosen yet: back
    hand.hold()
    hand.go("Preset")
    hand.answer(PRESETS)
    assert hand.screen == ListScreen("Preset", ("Warm", "Café"), 1, 1)
    hand.turn(-1)
    hand.push()
    assert hand.asked[-1] == Request("preset", {"name": "Warm"})
    assert isinstance(hand.screen, MessageScreen)
    hand.answer({})
    assert hand.screen is None


def test_an_answer_to_a_page_that_was_left_changes_nothing(hand):
    hand.go("Preset")
    hand.hold()
    before = hand.screen
    hand.menu.answered(Request("presets"), PRESETS, hand.now_s)
    assert hand.screen == before


def test_a_model_and_a_source(hand):
    hand.go("Model")
    hand.answer(MODELS)
    assert hand.screen == ListScreen("Model", ("cello", "violin"), 1, 1)
    hand.turn(-1)
    hand.push()
    assert hand.asked[-1] == Request("model", {"name": "cello"})
    hand.answer({})
    hand.go("Source")
    assert hand.screen.now == hand.screen.at == 1  # effect
    hand.turn(1)
    hand.push()
    assert hand.asked[-1] == Request("model", {"source": "synth"})


def test_turning_without_a_menu_is_the_level_for_a_moment(hand):
    hand.turn(1)
    assert hand.asked == [Request("set", {"values": {"output_gain": 1.0}})]
    assert isinstance(hand.screen, ValueScreen) and hand.screen.text == "+1 dB"
    hand.turn(-3)  # before the engine has told the new level
    assert hand.asked[-1] == Request("set", {"values": {"output_gain": -2.0}})
    hand.menu.answered(hand.asked[-1], {}, hand.now_s)
    assert hand.screen.text == "-2 dB"
    hand.menu.pass_time(hand.now_s + menus.LEVEL_IDLE_S)
    assert hand.screen is None
    hand.status = {}
    hand.turn(1)
    assert hand.screen is None and len(hand.asked) == 2  # no engine: no level


def test_the_level_stops_at_its_limits(hand):
    limits = SETTINGS["output_gain"]
    hand.go("Output level")
    for clicks, level in ((999, limits.maximum), (-999, limits.minimum)):
        hand.turn(clicks)
        assert hand.asked[-1].arguments == {"values": {"output_gain": level}}
        hand.turn(clicks)
    assert len(hand.asked) == 2
    hand.push()
    assert hand.screen == ListScreen("Menu", MAIN, MAIN.index("Output level"))


def test_the_tuner_is_left_by_a_push(hand):
    hand.go("Tuner")
    assert hand.asked == [Request("tuner", {"on": True})]
    hand.answer({"tuner": True})
    hand.status["tuner"] = True
    assert hand.screen is None
    hand.push()
    hand.hold()
    assert hand.asked[1:] == [Request("tuner", {"on": False})] * 2 and hand.screen is None


def test_shutting_down_asks_again_and_then_stays(hand):
    hand.go("Shut down")
    assert hand.screen == ListScreen("Shut down?", ("No, play on", "Shut it down"))
    hand.push()
    assert hand.asked == [] and hand.screen.title == "Menu"
    hand.push()
    hand.turn(1)
    hand.push()
    assert hand.asked == [Request(SHUT_DOWN)] and hand.menu.leaving
    hand.push()
    hand.hold()
    hand.turn(1)
    hand.menu.pass_time(1e9)
    assert hand.menu.leaving and hand.asked == [Request(SHUT_DOWN)]
    hand.answer({})
    assert hand.screen.title == "Goodbye" and hand.menu.leaving


def test_a_refusal_is_shown_and_the_menu_can_be_used_again(hand):
    hand.go("Shut down")
    hand.turn(1)
    hand.push()
    hand.menu.failed(hand.asked[-1], "the box cannot be shut down", hand.now_s)
    assert hand.screen == MessageScreen("Not done", "the box cannot be shut down")
    assert not hand.menu.leaving
    hand.menu.pass_time(hand.now_s + menus.TOLD_S)
    assert hand.screen is None


def test_a_page_that_nobody_touches_closes(hand):
    hand.push()
    hand.menu.pass_time(hand.now_s + menus.IDLE_S - 0.1)
    assert hand.menu.open
    hand.menu.pass_time(hand.now_s + menus.IDLE_S)
    assert not hand.menu.open


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "problem", "presets", "models", "preset"]), inner
        )
    ),
    max_leaves=10,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.integers(-9, 9)),
        st.sampled_from([("push",), ("push",), ("hold",), ("wait",), ("fail",)]),
        st.tuples(st.just("answer"), st.dictionaries(st.sampled_from(["presets", "models"]), JSON)),
        st.tuples(st.just("status"), st.dictionaries(st.text(max_size=3), JSON)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_is_turned_pushed_and_answered_the_engine_takes_every_request(steps):
    hand = Hand()
    for step, *rest in steps:
        hand.now_s += 0.5
        if step == "turn":
            hand.turn(*rest)
        elif step == "status":
            hand.status = {"settings": rest[0], "source_mode": rest[0], "model": "x", **rest[0]}
        elif step == "wait":
            hand.menu.pass_time(hand.now_s + 10.0)
        elif step == "answer" and hand.asked:
            hand.answer(rest[0])
        elif step == "fail" and hand.asked:
            hand.menu.failed(hand.asked[-1], "no", hand.now_s)
        elif step in ("push", "hold"):
            getattr(hand, step)()
        hand.menu.screen()
    for request in hand.asked:
        check_request({"do": request.verb, **request.arguments})
