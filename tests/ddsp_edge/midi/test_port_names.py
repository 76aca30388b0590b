"""Names that stay, and ports that are no keyboards."""

from __future__ import annotations

import pytest

from ddsp_edge.midi.port_names import address, is_keyboard, plain_name


@pytest.mark.parametrize(
    ("port", "plain", "where"),
    [
        ("Keystation 49:Keystation 49 MIDI 1 24:0", "Keystation 49 MIDI 1", (24, 0)),
        ("USB MIDI:Port A 128:15", "USB MIDI:Port A", (128, 15)),
        ("a2j:Keys [20] (capture): Keys", "a2j:Keys [20] (capture): Keys", None),
        ("kbd:out", "kbd:out", None),
    ],
)
def test_plain_names(port: str, plain: str, where: tuple[int, int] | None) -> None:
    assert plain_name(port) == plain
    assert address(port) == where


@pytest.mark.parametrize(
    ("port", "wanted"),
    [
        ("Keystation 49:Keystation 49 MIDI 1 24:0", True),
        ("Virtual Raw MIDI 2-0:VirMIDI 2-0 24:0", True),
        ("Midi Through:Midi Through Port-0 14:0", False),
        ("Midi-Bridge:Midi Through Port-0", False),
        ("System:Announce 0:1", False),
        ("ddsp-edge:play 128:0", False),
        ("ddsp-edge-3:out 131:0", False),
        ("ddsp-edged keyboard:out 131:0", True),
        ("Noisy Box:Clock 20:1", False),
    ],
)
def test_keyboards(port: str, wanted: bool) -> None:
    assert is_keyboard(port, "ddsp-edge", ignored=["Noisy Box:*"]) is wanted
