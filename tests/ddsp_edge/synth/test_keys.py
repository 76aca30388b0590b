"""Held keys: fingers, pedals, ports."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.synth.keys import Key, Keys


def names(keys: list[Key]) -> list[int]:
    return [key.note for key in keys]


def pressed(*notes: int) -> Keys:
    keys = Keys()
    for note in notes:
        keys.press("", 0, note, 90)
    return keys


def lift(keys: Keys, note: int) -> list[int]:
    return names(keys.lift("", 0, note))


def test_a_finger_holds_a_key() -> None:
    keys = pressed(60, 64)
    assert names(keys.held) == [60, 64]
    assert lift(keys, 60) == [60] and lift(keys, 60) == [] and lift(keys, 61) == []
    assert names(keys.held) == [64]


def test_a_key_pressed_again_is_a_new_one() -> None:
    keys = pressed(60, 64)
    old = keys.held[0]
    new = keys.press("", 0, 60, 30)
    assert new is not old and new.velocity == 30
    assert names(keys.held) == [64, 60] and keys.find("", 0, 60) is new


def test_channels_and_ports_are_different_keyboards() -> None:
    keys = pressed(60)
    keys.press("", 1, 60, 90)
    keys.press("usb", 0, 60, 90)
    assert len(keys.held) == 3
    assert [key.port for key in keys.lift("usb", 0, 60)] == ["usb"]
    assert [key.channel for key in keys.lift("", 1, 60)] == [1]
    assert len(keys.held) == 1


def test_sustain_holds_what_is_let_go_until_it_is_up_at_every_port() -> None:
    keys = pressed(60)
    assert keys.pedal("sustain", "a", True) == []
    keys.press("", 0, 64, 90)
    keys.pedal("sustain", "b", True)
    assert lift(keys, 60) == [] and lift(keys, 64) == []
    assert names(keys.pedal("sustain", "a", False)) == []
    keys.press("", 0, 67, 90)
    assert names(keys.pedal("sustain", "b", False)) == [60, 64]
    assert names(keys.held) == [67]


def test_sostenuto_holds_what_was_down_when_it_went_down() -> None:
    keys = pressed(60, 62)
    assert lift(keys, 62) == [62]
    keys.pedal("sostenuto", "", True)
    keys.press("", 0, 64, 90)
    assert lift(keys, 60) == [] and lift(keys, 64) == [64]
    keys.pedal("sostenuto", "", True)  # sent again: no new catch
    keys.press("", 0, 60, 90)
    assert lift(keys, 60) == []  # still caught
    assert names(keys.pedal("sostenuto", "", False)) == [60]


def test_sostenuto_does_not_catch_what_only_the_sustain_pedal_holds() -> None:
    keys = pressed(60)
    keys.pedal("sustain", "", True)
    lift(keys, 60)
    keys.pedal("sostenuto", "", True)
    assert names(keys.pedal("sustain", "", False)) == [60]


def test_the_soft_pedal_is_of_the_keys_that_are_struck_under_it() -> None:
    keys = pressed(60)
    assert keys.pedal("soft", "", True) == []
    assert keys.press("", 0, 64, 90).soft and not keys.held[0].soft
    keys.pedal("soft", "", False)
    assert not keys.press("", 0, 67, 90).soft


def test_all_pedals_up_of_one_port_or_of_all() -> None:
    keys = pressed(60)
    keys.pedal("sostenuto", "a", True)
    keys.pedal("sustain", "b", True)
    keys.press("", 0, 64, 90)
    lift(keys, 60), lift(keys, 64)
    assert names(keys.pedals_up("b")) == [64]
    assert names(keys.pedals_up()) == [60]


step = st.one_of(
    st.tuples(st.just("press"), st.integers(60, 63), st.sampled_from("ab")),
    st.tuples(st.just("lift"), st.integers(60, 63), st.sampled_from("ab")),
    st.tuples(st.sampled_from(["sustain", "sostenuto", "soft"]), st.booleans(), st.just("a")),
)


@given(st.lists(step, max_size=50))
def test_each_key_is_let_go_exactly_once(steps: list) -> None:
    keys, gone, struck = Keys(), [], set()
    for what, value, port in steps:
        if what == "press":
            before = keys.find(port, 0, value)
            struck.discard(before)
            struck.add(keys.press(port, 0, value, 90))
        elif what == "lift":
            gone += keys.lift(port, 0, value)
        else:
            gone += keys.pedal(what, port, value)
        assert len(keys.held) == len({(key.port, key.note) for key in keys.held})
    gone += keys.pedals_up()
    gone += [key for note in range(60, 64) for p in "ab" for key in keys.lift(p, 0, note)]
    assert not keys.held
    assert len(gone) == len(set(gone)) and set(gone) >= struck
