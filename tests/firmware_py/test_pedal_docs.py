"""The config in docs/pedal.md, section "On the board", is one that the program takes."""

import re
import textwrap
from pathlib import Path

from firmware_py.config import read_config

TEXT = (Path(__file__).parents[2] / "docs" / "pedal.md").read_text()


def test_the_config_of_the_section_is_good(tmp_path):
    section = TEXT.split("## On the board")[1]
    block = re.search(r"^    \[audio\].*?(?=^\S|^    \$)", section, re.DOTALL | re.MULTILINE)[0]
    (tmp_path / "config.toml").write_text(textwrap.dedent(block))
    config = read_config(tmp_path / "config.toml")
    assert [m.do for m in config.controls.mappings] == ["bypass", "tuner", "preset_next"]
    assert config.audio.card_settings().playback == "USB"
