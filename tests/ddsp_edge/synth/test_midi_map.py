"""The table of MIDI messages against what the state does, and against docs/midi.md."""

from pathlib import Path

import mido
import pytest

from ddsp_edge.synth import midi_map
from ddsp_edge.synth.state import NoteState

DOC = Path(__file__).parents[3] / "docs" / "midi.md"


def observed(state):
    """What can be heard of a state: pitch while the vibrato is away, level, notes."""
    return (state.pitch(0.0), state.pitch(0.05), state.level_db, state.note, state.sounding)


#: What follows, so that a change shows that is not heard at once.
LATER = (
    mido.Message("pitchwheel", pitch=4000),
    mido.Message("control_change", control=6, value=9),
    mido.Message("note_off", note=60),
    mido.Message("note_on", note=64),
)


def history(messages):
    """The calls that a state makes, and what it observably is from the last message on."""
    log = []
    state = NoteState(log.append, lambda: log.append("r"), lambda: log.append("s"))
    for message in messages:
        state.receive(message)
    seen = [observed(state)]
    for message in LATER:
        state.receive(message)
        seen.append(observed(state))
    return log, seen


def heard(setup, message):
    """Whether ``message`` changes anything after ``setup``, at once or later."""
    return history(setup) != history((*setup, message))


def control(number, value):
    return mido.Message("control_change", control=number, value=value)


HELD = (mido.Message("note_on", note=60, velocity=80),)
BEND_RPN = (*HELD, control(101, 0), control(100, 0))
#: What must come before for a controller to matter.
SETUPS = {
    6: BEND_RPN,
    38: BEND_RPN,
    98: BEND_RPN,
    99: BEND_RPN,
    100: BEND_RPN,
    101: BEND_RPN,
    121: (*HELD, control(1, 90)),
}


@pytest.mark.parametrize("number", range(128))
def test_exactly_the_controllers_of_the_table_do_something(number):
    setup = SETUPS.get(number, HELD)
    values = (0, 64, 100)
    changed = any(heard(setup, control(number, value)) for value in values)
    assert changed == (number in midi_map.CONTROLLERS)


@pytest.mark.parametrize("kind", sorted(mido.messages.specs.SPEC_BY_TYPE))
def test_exactly_the_messages_of_the_table_do_something(kind):
    values = {
        "note_on": {"note": 67, "velocity": 99},
        "note_off": {"note": 60},
        "pitchwheel": {"pitch": 3000},
        "aftertouch": {"value": 90},
        "polytouch": {"note": 60, "value": 90},
        "control_change": {"control": 7, "value": 20},
    }
    changed = heard(HELD, mido.Message(kind, **values.get(kind, {})))
    assert changed == (kind in midi_map.MESSAGES)


def test_the_document_is_the_table():
    text = DOC.read_text(encoding="utf-8")
    for kind, meaning in midi_map.MESSAGES.items():
        assert f"| `{kind}` | {meaning} |" in text
    for number, (name, meaning) in midi_map.CONTROLLERS.items():
        assert f"| {number} | {name} | {meaning} |" in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    headings = 2
    assert len(rows) == len(midi_map.MESSAGES) + len(midi_map.CONTROLLERS) + headings
