"""One monophonic instrument: priority, legato, pedal, bend, levels."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.synth import midi_map
from ddsp_edge.synth.state import NoteState


class Played:
    """A state and the calls that it made: "a" attack, "l" legato attack, "r", "s"."""

    def __init__(self, *messages):
        self.log = ""
        self.state = NoteState(self._attack, lambda: self._add("r"), lambda: self._add("s"))
        self.play(*messages)

    def _add(self, letter):
        self.log += letter

    def _attack(self, legato):
        self._add("l" if legato else "a")

    def play(self, *messages):
        for message in messages:
            self.state.receive(message)
        return self


def on(note, velocity=64):
    return mido.Message("note_on", note=note, velocity=velocity)


def off(note):
    return mido.Message("note_off", note=note)


def control(number, value):
    return mido.Message("control_change", control=number, value=value)


def wheel(value):
    return mido.Message("pitchwheel", pitch=value)


def test_the_last_note_sounds_and_the_one_before_comes_back():
    played = Played(on(60), on(64), on(67))
    assert (played.log, played.state.note) == ("all", 67)
    played.play(off(64))
    assert (played.log, played.state.note) == ("all", 67)  # not the one that sounds
    played.play(off(67))
    assert (played.log, played.state.note) == ("alll", 60)
    played.play(off(60))
    assert played.log == "alllr" and not played.state.sounding


def test_velocity_zero_is_a_note_off_and_unknown_note_offs_do_nothing():
    assert Played(on(60), on(60, 0)).log == "ar"
    assert Played(off(60), on(62), off(60)).log == "a"


def test_a_note_struck_twice_is_an_attack_and_one_off_ends_it():
    assert Played(on(60), on(60), off(60)).log == "aar"
    assert Played(on(55), on(60), on(60)).log == "ala"


def test_the_pedal_holds_and_lets_go():
    played = Played(control(64, 127), on(60), off(60))
    assert played.log == "a" and played.state.sounding
    assert played.play(control(64, 0)).log == "ar"
    assert Played(on(60), off(60), control(64, 127), control(64, 0)).log == "ar"


def test_what_only_the_pedal_holds_makes_no_legato():
    played = Played(control(64, 100), on(60), off(60), on(64))
    assert (played.log, played.state.note) == ("aa", 64)
    # The key is still down when the pedal goes up: it sounds on, alone.
    assert played.play(control(64, 10)).log == "aa"
    assert played.play(off(64)).log == "aar"


def test_a_key_held_down_under_the_pedal_outlives_it():
    played = Played(on(60), control(64, 127), on(64), off(64), control(64, 0))
    assert played.log == "all" and played.state.note == 60


def test_bend_and_its_range():
    played = Played(on(60), wheel(8191))
    assert played.state.pitch(0.0) == pytest.approx(62.0)
    assert played.play(wheel(-8192)).state.pitch(0.0) == pytest.approx(58.0)
    rpn = (control(101, 0), control(100, 0))
    played.play(*rpn, control(6, 12), control(38, 50))
    assert played.state.pitch(0.0) == pytest.approx(60 - 12.5)
    played.play(control(6, 127))
    assert played.state.bend == -midi_map.MAX_BEND_RANGE
    before = played.state.bend
    played.play(control(100, 1), control(6, 3))  # another RPN
    assert played.state.bend == before
    played.play(*rpn, control(99, 0), control(98, 0), control(6, 3))  # an NRPN
    assert played.state.bend == before


def test_vibrato_is_of_the_wheel():
    state = Played(on(60), control(1, 127)).state
    quarter = 0.25 / midi_map.VIBRATO_HZ
    assert state.pitch(0.0) == pytest.approx(60.0)
    assert state.pitch(quarter) == pytest.approx(60 + midi_map.VIBRATO_DEPTH)


@pytest.mark.parametrize("number", [7, 11])
def test_volume_and_expression_in_db(number):
    state = Played(on(60)).state
    assert state.level_db == 0.0
    state.receive(control(number, 64))
    assert state.level_db == pytest.approx(-11.9, abs=0.05)  # 40 log10(64 / 127)
    state.receive(control(number, 0))
    assert state.level_db < -100


def test_pressure_of_the_channel_and_of_the_key():
    played = Played(on(60), mido.Message("aftertouch", value=127))
    assert played.state.level_db == pytest.approx(midi_map.PRESSURE_DB)
    played = Played(on(60), mido.Message("polytouch", note=61, value=127))
    assert played.state.level_db == 0.0
    played.play(mido.Message("polytouch", note=60, value=127))
    assert played.state.level_db == pytest.approx(midi_map.PRESSURE_DB)
    assert played.play(on(62)).state.level_db == 0.0  # it was that key's


def test_reset_controllers_leaves_the_volume():
    played = Played(control(7, 100), on(60))
    level = played.state.level_db
    played.play(control(1, 80), control(11, 10), wheel(4000), control(64, 127), off(60))
    played.play(mido.Message("aftertouch", value=99))
    assert played.play(control(121, 0)).log == "ar"
    assert played.state.level_db == level
    assert played.state.pitch(0.123) == 60.0


def test_all_sound_off_and_all_notes_off():
    assert Played(on(60), on(64), control(120, 0), off(64), off(60)).log == "als"
    for number in (123, 124, 125, 126, 127):
        played = Played(control(64, 127), on(60), on(64), off(60), control(number, 0))
        assert played.log == "alr" and not played.state.sounding


any_message = st.one_of(
    st.builds(on, st.integers(0, 127), st.integers(0, 127)),
    st.builds(off, st.integers(0, 127)),
    st.builds(control, st.integers(0, 127), st.integers(0, 127)),
    st.builds(wheel, st.integers(-8192, 8191)),
    st.builds(lambda v: mido.Message("aftertouch", value=v), st.integers(0, 127)),
)
#: As above on three keys, so that notes meet.
crowded = st.one_of(
    st.builds(on, st.integers(60, 62), st.integers(0, 127)),
    st.builds(off, st.integers(60, 62)),
    st.builds(control, st.sampled_from([64, 120, 121, 123]), st.sampled_from([0, 127])),
)


@given(st.lists(st.one_of(any_message, crowded), max_size=60))
def test_no_note_hangs_and_everything_is_finite(messages):
    played = Played()
    for message in messages:
        before = played.log
        played.play(message)
        new = played.log[len(before) :]
        assert len(new) <= 1
        if new in ("r", "s"):
            assert not played.state.sounding
        if new in ("a", "l"):
            assert played.state.sounding
        assert -300 < played.state.level_db <= midi_map.PRESSURE_DB
        assert -30 < played.state.pitch(1.23) < 160
    # The pedal up and every key up: nothing sounds, and the last that was said is "let go".
    played.play(control(64, 0), *(off(note) for note in range(128)))
    assert not played.state.sounding
    assert not played.log or played.log[-1] in "rs"
