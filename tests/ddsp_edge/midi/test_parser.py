"""Bytes to messages: never an error, never unbounded, mido's own messages unharmed."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.midi.parser import MidiBytes

VALID = [
    mido.Message("note_on", channel=3, note=60, velocity=100),
    mido.Message("note_off", channel=15, note=127, velocity=0),
    mido.Message("polytouch", note=1, value=2),
    mido.Message("control_change", control=64, value=127),
    mido.Message("program_change", program=5),
    mido.Message("aftertouch", value=77),
    mido.Message("pitchwheel", pitch=-8192),
    mido.Message("quarter_frame", frame_type=3, frame_value=2),
    mido.Message("songpos", pos=777),
    mido.Message("song_select", song=9),
    *(mido.Message(kind) for kind in ("tune_request", "clock", "start", "continue", "stop")),
    *(mido.Message(kind) for kind in ("active_sensing", "reset")),
]


@given(st.binary(max_size=400), st.integers(1, 400))
def test_any_bytes_in_any_pieces(data: bytes, size: int) -> None:
    whole = MidiBytes().feed(data)
    parser, pieces = MidiBytes(), []
    for start in range(0, len(data), size):
        pieces += parser.feed(data[start : start + size])
        assert len(parser._message) <= 3
    assert pieces == whole
    assert all(message.type != "sysex" for message in whole)


@given(st.lists(st.sampled_from(VALID), max_size=30), st.integers(1, 5))
def test_whole_messages_come_out_as_they_went_in(sent: list[mido.Message], size: int) -> None:
    data = b"".join(bytes(message.bytes()) for message in sent)
    parser, found = MidiBytes(), []
    for start in range(0, len(data), size):
        found += parser.feed(data[start : start + size])
    assert found == sent


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("90 3c 64 3c 00", ["note_on note=60 velocity=100", "note_on note=60 velocity=0"]),
        ("90 f8 3c fe 64", ["clock", "active_sensing", "note_on note=60 velocity=100"]),
        ("f0 7e 01 02 f7 90 3c 64", ["note_on note=60 velocity=100"]),
        ("f0 7e 01 fe 02 90 3c 64", ["active_sensing", "note_on note=60 velocity=100"]),
        ("90 3c b0 40 7f", ["control_change control=64 value=127"]),
        ("f3 05 06 07", ["song_select song=5"]),
        ("f4 f5 f9 fd 3c 64", []),
        ("90 3c f4 64", []),
    ],
)
def test_running_status_clock_inside_sysex_and_broken_messages(
    data: str, expected: list[str]
) -> None:
    found = MidiBytes().feed(bytes.fromhex(data))
    assert found == [mido.Message.from_str(text) for text in expected]


def test_system_exclusive_without_end_takes_no_memory() -> None:
    parser = MidiBytes()
    parser.feed(b"\xf0")
    for _ in range(1000):
        assert parser.feed(bytes(1000)) == []
    assert len(parser._message) == 0
