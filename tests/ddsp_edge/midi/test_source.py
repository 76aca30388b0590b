"""One source of MIDI: what it holds is given back when it goes, and nothing else is touched."""

from __future__ import annotations

import time

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_ear import Ear
from tiny_decoder import INFO

from ddsp_edge.midi.source import MidiSource
from ddsp_edge.synth.player import SynthPlayer


def _two() -> tuple[Ear, MidiSource, MidiSource]:
    ear = Ear()
    sources: list[MidiSource] = []
    sources += [MidiSource(name, "alsa", ear.deliver, lambda: sources) for name in ("one", "two")]
    return ear, sources[0], sources[1]


def _send(source: MidiSource, *texts: str) -> None:
    for text in texts:
        source.receive(mido.Message.from_str(text))


def test_only_its_own_notes_end() -> None:
    ear, one, two = _two()
    _send(one, "note_on note=60", "note_on note=64", "note_off note=64")
    _send(two, "note_on note=67", "note_on note=60 channel=1")
    assert one.release(close=True) == 1
    assert ear.held() == {(0, 67), (1, 60)}
    assert ear.messages[-1].type == "note_off"


def test_a_note_that_another_keyboard_holds_too_goes_on_until_that_one_goes() -> None:
    ear, one, two = _two()
    _send(one, "note_on note=60")
    _send(two, "note_on note=60")
    assert one.release(close=True) == 0
    assert ear.held() == {(0, 60)}
    assert two.release(close=True) == 1
    assert ear.held() == set()


def test_pedals_bend_pressure_and_modulation_go_back_before_the_notes() -> None:
    ear, one, _ = _two()
    _send(
        one,
        *("control_change control=64 value=127", "note_on note=60", "pitchwheel pitch=-300"),
        *("aftertouch value=9", "control_change control=1 value=5"),
    )
    sent = len(ear.messages)
    assert one.release() == 1
    back = [str(m).removesuffix(" time=0") for m in ear.messages[sent:]]
    assert back[-1] == "note_off channel=0 note=60 velocity=64"
    assert set(back[:-1]) == {
        *("control_change channel=0 control=64 value=0", "pitchwheel channel=0 pitch=0"),
        *("aftertouch channel=0 value=0", "control_change channel=0 control=1 value=0"),
    }


@pytest.mark.parametrize(
    "rest",
    [
        ("note_on note=60 velocity=0",),
        ("control_change control=123 value=0",),
        ("control_change control=120 value=0",),
        ("reset",),
    ],
)
def test_what_has_ended_already_is_not_ended_again(rest: tuple[str, ...]) -> None:
    ear, one, _ = _two()
    _send(one, "note_on note=60", *rest)
    sent = len(ear.messages)
    assert one.release() == 0
    assert len(ear.messages) == sent


def test_after_closing_nothing_is_delivered() -> None:
    ear, one, _ = _two()
    one.release(close=True)
    _send(one, "note_on note=60")
    assert ear.messages == []


def test_active_sensing_is_watched_here_and_goes_no_further() -> None:
    ear, one, two = _two()
    _send(one, "active_sensing", "note_on note=60")
    _send(two, "note_on note=67")
    assert [m.type for m in ear.messages] == ["note_on", "note_on"]
    later = one.heard_s + 0.5
    assert one.gone_silent(later, 0.45)
    assert not two.gone_silent(later, 0.45)  # it never promised to speak
    one.release()
    assert not one.gone_silent(later, 0.45)  # until it speaks again
    assert ear.held() == {(0, 67)}
    _send(one, "note_on note=62")
    assert ear.held() == {(0, 67), (0, 62)}


@pytest.mark.parametrize(
    "message",
    [
        mido.Message("sysex", data=(1, 2, 3)),
        mido.Message("quarter_frame"),
        mido.Message("active_sensing"),
    ],
)
def test_whatever_comes_is_a_sign_of_life_and_wakes_nobody(message: mido.Message) -> None:
    ear, one, _ = _two()
    _send(one, "active_sensing")
    one.heard_s -= 10.0
    assert one.gone_silent(time.monotonic(), 0.45)
    one.receive(message)
    assert not one.gone_silent(time.monotonic(), 0.45)
    assert ear.messages == []


def test_one_clock_is_followed_until_it_stops() -> None:
    ear, one, two = _two()
    _send(one, "clock")
    _send(two, "clock")
    _send(one, "clock")
    assert len(ear.messages) == 2
    one._clocks_s -= 2.0  # as after two seconds without
    _send(two, "clock")
    _send(one, "clock")
    assert len(ear.messages) == 3


MESSAGES = st.one_of(
    st.builds(
        lambda on, channel, note, velocity: mido.Message(
            "note_on" if on else "note_off", channel=channel, note=note, velocity=velocity
        ),
        st.booleans(),
        st.integers(0, 1),
        st.integers(60, 63),
        st.sampled_from([0, 100]),
    ),
    st.builds(
        lambda control, value: mido.Message("control_change", control=control, value=value),
        st.sampled_from([1, 64, 66, 120, 123]),
        st.sampled_from([0, 127]),
    ),
)


@given(st.lists(st.tuples(st.booleans(), MESSAGES), max_size=40))
def test_whatever_was_played_when_both_have_gone_no_note_sounds(
    played: list[tuple[bool, mido.Message]],
) -> None:
    ear, one, two = _two()
    for first, message in played:
        (one if first else two).receive(message)
    one.release(close=True)
    two.release(close=True)
    # The instrument itself is the judge: it knows pedals.
    player = SynthPlayer(INFO)
    for message in ear.messages:
        player.receive(0.0, message)
    assert player.held_notes == ()
