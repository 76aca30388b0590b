"""What docs/display.md says of keys, kinds, pins and commands is what the program has."""

from __future__ import annotations

import re
import textwrap
import typing
from dataclasses import fields
from pathlib import Path

from ddsp_edge.system.toml_config import from_dict, parse_toml
from firmware_py.config import Config
from firmware_py.controls.display_config import I2C_PINS, USUAL_ADDRESS, DisplayConfig, Kind
from firmware_py.display import box_state, menu, screens

TEXT = (Path(__file__).parents[1] / "docs" / "display.md").read_text(encoding="utf-8")
#: The 40-pin header: position to GPIO number.
HEADER = {3: 2, 5: 3, 29: 5, 31: 6, 33: 13}


def config_of(start):
    blocks = re.findall(r"(?:^ {4}.*\n)+", TEXT, re.M)
    (text,) = [b for b in map(textwrap.dedent, blocks) if b.startswith(start)]
    return from_dict(Config, parse_toml(text.encode(), "docs"), "docs")


def test_the_config_and_the_wiring_agree():
    display = config_of("[display]").display
    assert display == DisplayConfig("sh1106", encoder_a=5, encoder_b=6, encoder_push=13)
    wired = {int(place): int(pin) for pin, place in re.findall(r"GPIO(\d+) \((\d+)\)", TEXT)}
    assert wired == HEADER
    assert set(wired.values()) == {*display.pins(), *I2C_PINS}


def test_a_held_footswitch_shuts_down():
    controls = config_of("[[controls.switches]]").controls
    (mapping,) = controls.mappings
    assert (str(mapping.source), mapping.do) == ("switch left long", "shutdown")
    assert controls.switches[0].hold_s == 3.0


def test_every_key_and_kind_is_there():
    for key in fields(DisplayConfig):
        row = re.search(rf"^\|.*`{key.name}`.*?\| (\S+) \|", TEXT, re.M)
        assert row and row[1] == str(key.default), key.name
    for kind in typing.get_args(Kind):
        if kind != "none":
            assert re.search(rf"^\| `{kind}` .*0x{USUAL_ADDRESS[kind]:02X} \|", TEXT, re.M), kind


def test_the_menu_and_the_times_are_those_of_the_program():
    for page in menu.MAIN:
        assert f"*{page}*" in TEXT, page
    for text in (
        f"after {menu.IDLE_S:g} s, the level alone after {menu.LEVEL_IDLE_S:g} s",
        f"within {screens.IN_TUNE_CENTS:g} cents",
        f"from -{screens.NEEDLE_CENTS:g} to +{screens.NEEDLE_CENTS:g} cents",
        f"for {box_state.SHORT_S:g} s each",
        f"level, {menu.STEP_DB:g} dB a click",
    ):
        assert text in " ".join(TEXT.split()), text
