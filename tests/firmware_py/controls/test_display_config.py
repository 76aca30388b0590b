"""[display]: what is taken, and one line for what is wrong."""

from __future__ import annotations

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import from_dict, parse_toml
from firmware_py.config import Config
from firmware_py.controls.display_config import DisplayConfig


def read(text):
    return from_dict(Config, parse_toml(text.encode(), "config.toml"), "config.toml").display


def test_a_display_with_a_knob():
    found = read(
        '[display]\nkind = "sh1106"\naddress = 0x3D\nrotation = 180\n'
        "encoder_a = 5\nencoder_b = 6\nencoder_push = 13\n"
    )
    assert found == DisplayConfig("sh1106", 1, 0x3D, 180, 5, 6, 13)
    assert found.pins() == (5, 6, 13) and found.i2c_address == 0x3D


def test_none_is_the_default_and_each_kind_has_its_usual_address():
    assert read("") == DisplayConfig() and DisplayConfig().kind == "none"
    assert read("").pins() == ()
    usual = {kind: DisplayConfig(kind).i2c_address for kind in ("ssd1306", "sh1106", "lcd20x4")}
    assert usual == {"ssd1306": 0x3C, "sh1106": 0x3C, "lcd20x4": 0x27}


PINS = "encoder_a = 5\nencoder_b = 6\nencoder_push = 13\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('kind = "ssd1307"', "display.kind: 'ssd1307' is not one of none, ssd1306, sh1106"),
        ("adress = 60", "unknown key 'adress'; did you mean 'address'?"),
        ("address = 0x78", "display.address: 120 is outside 0 to 119"),
        ("address = 3", "display: address 0x03 is reserved; give 0x08 to 0x77"),
        ("rotation = 90", "display.rotation: 90 is not one of 0, 180"),
        ('kind = "lcd16x2"\nrotation = 180', "rotation: a lcd16x2 cannot be turned"),
        ("encoder_a = 5\nencoder_b = 6", "the encoder needs all of encoder_a, encoder_b and"),
        (PINS.replace("13", "5"), "the encoder has one pin twice: 5, 6, 5"),
        ('kind = "sh1106"\n' + PINS.replace("13", "3"), "pin 3 belongs to the display's I2C bus"),
        (PINS + "[[controls.switches]]\nname = 'left'\npin = 6", "pin 6 is in [controls] already"),
    ],
)
def test_what_is_wrong_is_one_line(text, says):
    with pytest.raises(UserError) as error:
        read(f"[display]\n{text}\n")
    assert says in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).startswith("config.toml: ")
