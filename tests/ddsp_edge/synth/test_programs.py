"""Bank select counts from the next program change on, each channel for itself."""

from __future__ import annotations

from mido import Message

from ddsp_edge.synth.programs import Programs


def test_bank_and_program():
    programs = Programs()
    assert programs.receive(Message("program_change", program=5), 0) == (0, 5)
    assert programs.receive(Message("control_change", control=0, value=2), 0) is None
    assert programs.receive(Message("control_change", control=32, value=3), 0) is None
    assert programs.receive(Message("note_on", note=60), 0) is None
    assert programs.receive(Message("program_change", program=7), 0) == (2 * 128 + 3, 7)
    assert programs.receive(Message("program_change", program=7, channel=1), 0) == (0, 7)


def test_only_the_channel_that_is_heard():
    programs = Programs()
    assert programs.receive(Message("program_change", program=1, channel=2), 4) is None
    assert programs.receive(Message("program_change", program=1, channel=3), 4) == (0, 1)
    assert programs.receive(Message("control_change", control=0, value=9, channel=2), 4) is None
    assert programs.receive(Message("program_change", program=1, channel=2), 0) == (0, 1)
    assert programs.receive(Message("clock"), 0) is None
