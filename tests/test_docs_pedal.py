"""What docs/pedal.md shows is what the program reads."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from ddsp_edge.presets.actions import ACTIONS
from ddsp_edge.presets.folder import Order
from ddsp_edge.presets.mapping import KINDS
from ddsp_edge.presets.preset import parse_preset
from ddsp_edge.system.toml_config import from_dict, parse_toml
from firmware_py.controls.config import SHOWS, ControlsConfig

TEXT = (Path(__file__).parents[1] / "docs" / "pedal.md").read_text()
BLOCKS = [textwrap.dedent(b) for b in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", TEXT, re.M)]


def blocks(start: str) -> list[str]:
    return [b.strip() for b in BLOCKS if b.strip().startswith(start)]


def test_the_preset_and_the_order():
    (preset,) = blocks("model =")
    found = parse_preset("Warm violin", preset.encode(), "docs")
    assert found.settings.snap_key == "G" and len(found.mappings) == 4
    (order,) = blocks("order =")
    assert from_dict(Order, parse_toml(order.encode(), "docs"), "docs").current == "Friday"


def test_the_wiring():
    text = "\n".join(blocks("[[controls") + blocks("[controls"))
    config = from_dict(ControlsConfig, parse_toml(text.encode(), "docs")["controls"], "docs")
    assert [s.pin for s in config.switches] == [17, 27]
    assert config.relay.mute == 24 and len(config.keys) == 1 and len(config.mappings) == 4
    for pin in (17, 27, 22, 23, 24):
        assert f"GPIO{pin} (" in TEXT


def test_every_action_gesture_and_light_is_there():
    for name in ACTIONS:
        assert f"`{name}" in TEXT, name
    for kind, gestures in KINDS.items():
        assert f"`{kind} " in TEXT and all(gesture in TEXT for gesture in gestures)
    assert all(show in TEXT for show in SHOWS)
