"""Each row of the table of MIDI messages has an effect that is heard; nothing else has one.

docs/midi.md shows the same rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import pytest
from midi_driver import Driver, control, off, on, rpn, wheel

from ddsp_edge.synth import midi_map

DOC = Path(__file__).parents[3] / "docs" / "midi.md"
CHORD = (on(60, 80), on(67, 80))
BEND_RPN = (control(101, 0), control(100, 0))
#: What must have come before for a controller to matter.
SETUPS = {
    5: (control(65, 127),),
    6: BEND_RPN,
    38: BEND_RPN,
    98: BEND_RPN,
    99: BEND_RPN,
    100: BEND_RPN,
    101: BEND_RPN,
    121: (control(1, 90),),
}


def history(messages: tuple[mido.Message, ...], **settings: Any) -> list[Any]:
    """All that can be noticed while ``messages`` come in and a little music follows."""
    driver = Driver(**settings).play(*CHORD).run()
    for message in messages:
        driver.play(message).run(0.013)
    driver.play(wheel(4000)).run()
    driver.play(control(6, 9)).run()
    driver.play(off(60)).run()
    driver.play(on(64, 90)).run(0.1)
    driver.play(mido.Message("program_change", program=5))
    driver.run(0.5)
    return [*driver.frames, driver.player.pan, *driver.programs, driver.player.held_notes]


def heard(setup: tuple[mido.Message, ...], message: mido.Message, **settings: Any) -> bool:
    """Whether ``message`` changes anything, at once or later."""
    nothing = mido.Message("clock")
    return history((*setup, nothing), **settings) != history((*setup, message), **settings)


@pytest.mark.parametrize("voices", [1, 4])
@pytest.mark.parametrize("number", range(128))
def test_exactly_the_controllers_of_the_table_do_something(number: int, voices: int) -> None:
    setup = SETUPS.get(number, ())
    changed = any(heard(setup, control(number, value), voices=voices) for value in (0, 63, 100))
    assert changed == (number in midi_map.CONTROLLERS)


@pytest.mark.parametrize("kind", sorted(mido.messages.specs.SPEC_BY_TYPE))
def test_exactly_the_messages_of_the_table_do_something(kind: str) -> None:
    values = {
        "note_on": {"note": 71, "velocity": 99},
        "note_off": {"note": 67},
        "pitchwheel": {"pitch": 3000},
        "aftertouch": {"value": 90},
        "polytouch": {"note": 67, "value": 90},
        "control_change": {"control": 7, "value": 20},
        "program_change": {"program": 9},
    }
    message = mido.Message(kind, **values.get(kind, {}))
    assert heard((), message) == (kind in midi_map.MESSAGES)


@pytest.mark.parametrize("number", range(10))
def test_exactly_the_rpns_of_the_table_do_something(number: int) -> None:
    chosen = tuple(rpn(number, 0)[:2])
    assert heard(chosen, control(6, 3)) == ((0, number) in midi_map.RPNS)


def test_the_document_is_the_table() -> None:
    text = DOC.read_text(encoding="utf-8")
    wanted = [f"| `{kind}` | {row.name} | {row.does} |" for kind, row in midi_map.MESSAGES.items()]
    wanted += [f"| {n} | {row.name} | {row.does} |" for n, row in midi_map.CONTROLLERS.items()]
    wanted += [f"| {n} {m} | {row.name} | {row.does} |" for (n, m), row in midi_map.RPNS.items()]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    headings = [line for line in rows if line.startswith(("| message ", "| CC ", "| RPN "))]
    assert len(headings) == 3
    assert [line for line in rows if line not in headings] == wanted
