"""The needle."""

import time

import pytest

from ddsp_edge.api.pairing_code import asked_code, code_json
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


def test_it_shows_the_code_while_a_phone_asks_for_it(tmp_path, monkeypatch):
    file = tmp_path / "code.json"
    monkeypatch.setenv("DDSP_EDGE_PANEL_CODE", str(file))
    assert asked_code() is None  # no panel
    file.write_bytes(code_json("012345", 60.0))
    assert asked_code() is None  # nobody asks
    file.write_bytes(code_json("012345", 60.0, time.time() - 5))
    assert asked_code() == "012345"
    assert tuner_line("A4", 0.0, asked_code()).endswith("|          ]  panel code 012345")
    file.write_bytes(code_json("012345", 60.0, time.time() - 1000))
    assert asked_code() is None  # long ago
    file.write_bytes(code_json("012345", -1.0, time.time()))
    assert asked_code() is None  # no more taken
    for broken in (b"", b"[]", b"{}", b'{"code": 1, "asked": "x"}', b"\xff" * 9000):
        file.write_bytes(broken)
        assert asked_code() is None
