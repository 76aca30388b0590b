"""Which source is followed while it is "auto": the keyboard or the input, the last one played."""

import mido
import pytest

from firmware_py.source_follower import INPUT_DBFS, INPUT_S, KEYS_REST_S, SourceFollower

LOUD, QUIET = INPUT_DBFS + 10.0, INPUT_DBFS - 10.0


def note(number=60, on=True, channel=0):
    return mido.Message("note_on" if on else "note_off", note=number, channel=channel)


def after(follower, seconds, input_dbfs, begin=0.0, has_input=True):
    """What is asked for first while the input stays at a level for some time."""
    for i in range(int(seconds * 10) + 1):
        wanted = follower.wanted(input_dbfs, has_input, begin + i / 10)
        if wanted:
            return wanted, begin + i / 10
    return None, begin + seconds


def test_a_note_asks_for_the_synth_and_nothing_else_does():
    follower = SourceFollower()
    assert follower.hear(note(), 0, 0.0) is True
    for message in (
        note(on=False),
        mido.Message("note_on", note=60, velocity=0),
        mido.Message("control_change", control=1, value=9),
        mido.Message("clock"),
        note(channel=9),  # the drums
    ):
        assert follower.hear(message, 0, 0.0) is False
    assert follower.hear(note(channel=3), 4, 0.0) is True
    assert follower.hear(note(channel=2), 4, 0.0) is False


def test_without_an_input_it_is_the_synth():
    assert SourceFollower().wanted(LOUD, False, 0.0) == "synth"


def test_an_input_that_is_played_takes_over_once_the_keys_have_rested():
    follower = SourceFollower()
    follower.hear(note(), 0, 10.0)
    assert after(follower, 60, LOUD, 10.0) == (None, 70.0)  # a key is held
    follower.hear(note(on=False), 0, 70.0)
    assert after(follower, 60, QUIET, 70.0) == (None, 130.0)
    follower.hear(note(), 0, 130.0)
    follower.hear(note(on=False), 0, 130.1)
    wanted, when = after(follower, 60, LOUD, 130.1)
    assert wanted == "effect" and when >= 130.1 + KEYS_REST_S


def test_a_short_knock_at_the_input_changes_nothing():
    follower = SourceFollower()
    for i in range(100):
        level = LOUD if i % 10 == 0 else QUIET
        assert follower.wanted(level, True, i * INPUT_S / 2) is None


def test_the_sustain_pedal_keeps_the_synth():
    follower = SourceFollower()
    follower.hear(mido.Message("control_change", control=64, value=127), 0, 0.0)
    assert after(follower, 20, LOUD, 0.0)[0] is None
    follower.hear(mido.Message("control_change", control=64, value=0), 0, 20.0)
    assert after(follower, 20, LOUD, 20.0)[0] == "effect"


@pytest.mark.parametrize("number", [120, 123])
def test_what_is_held_is_told_with_the_controllers_before_the_notes(number):
    follower = SourceFollower()
    pedal = mido.Message("control_change", control=64, value=127)
    bend = mido.Message("pitchwheel", pitch=100)
    for message in (note(60), pedal, note(64), note(60, on=False), bend):
        follower.hear(message, 0, 0.0)
    assert follower.held() == [pedal, bend, note(64)]
    follower.hear(mido.Message("control_change", control=number, value=0), 0, 0.0)
    assert follower.held() == [pedal, bend]
    follower.panic()
    assert follower.held() == []
