"""The needle."""

import pytest

from ddsp_edge.cli.tuner import tuner_line


@pytest.mark.parametrize(
    ("note", "cents", "line"),
    [
        ("A4", 0.0, "A4     +0.0  [          |          ]"),
        ("A4", -25.0, "A4    -25.0  [     |    :          ]"),
        ("C#5", 50.0, "C#5   +50.0  [          :         |]"),
        (None, None, "-            [          :          ]"),
    ],
)
def test_it_shows_the_note_and_how_far_off(note, cents, line):
    assert tuner_line(note, cents) == line
