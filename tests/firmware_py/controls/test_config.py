"""``[controls]``: an example as a person writes it, and what is refused."""

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.system.toml_config import from_dict, parse_toml
from firmware_py.controls.config import (
    ControlsConfig,
    ExpressionConfig,
    KeyConfig,
    LightConfig,
    RelayConfig,
    SwitchConfig,
)

EXAMPLE = """
[[switches]]
name = "left"
pin = 17
[[switches]]
name = "right"
pin = 27
hold_s = 1
[[keys]]
name = "usb-left"
key = "KEY_PAGEUP"
device = "PageFlip"
[[encoders]]
name = "tone"
a = 5
b = 6
switch = 13
[[expressions]]
name = "swell"
channel = 0
[[lights]]
shows = "active"
pin = 22
[relay]
pin = 23
mute = 24
[[mappings]]
control = "switch left"
do = "bypass"
[[mappings]]
control = "expression swell"
set = "input_gain"
range = [-30, 0]
"""


def load(text):
    return from_dict(ControlsConfig, parse_toml(text.encode(), "c.toml"), "c.toml")


def test_the_example():
    config = load(EXAMPLE)
    assert config.switches == (SwitchConfig("left", 17), SwitchConfig("right", 27, hold_s=1.0))
    assert config.keys == (KeyConfig("usb-left", "KEY_PAGEUP", "PageFlip"),)
    assert config.expressions == (ExpressionConfig("swell", 0),)
    assert config.lights == (LightConfig("active", 22),)
    assert config.relay == RelayConfig(23, 24)
    assert config.mappings[1] == ControlMapping(
        "expression swell", set="input_gain", range=(-30.0, 0.0)
    )
    assert config.uses_gpio


def test_nothing_is_wired_by_default():
    assert load("") == ControlsConfig() and not ControlsConfig().uses_gpio
    assert not load('[[keys]]\nname = "a"\nkey = "KEY_A"').uses_gpio
    assert load("[[expressions]]\nname = 'a'\nchannel = 1").uses_gpio


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[switches]]\nname = "a b"\npin = 1', "switches[0]: control"),
        ('[[switches]]\nname = "a"\npin = 1\n[[lights]]\nshows = "clip"\npin = 1', "pin 1 is"),
        ('[[switches]]\nname = "a"\npin = 1\n[[switches]]\nname = "a"\npin = 2', "switch a is"),
        ('[[switches]]\nname = "a"\npinn = 1', "did you mean 'pin'"),
        ('[[switches]]\nname = "a"\npin = 1\nhold_s = 0', "outside 0.2 to 5 s"),
        ('[[lights]]\nshows = "clipp"\npin = 1', "not one of active, bypass"),
        ('[[mappings]]\ncontrol = "switch a"\ndo = "bypass"', "no switch is called 'a'"),
        ('[[mappings]]\ncontrol = "cc 1"\nset = "mixx"', "did you mean 'mix'"),
        ("[[expressions]]\nname = 'a'\nchannel = 0\nheel = 0.5\ntoe = 0.51", "too close"),
        ("[relay]\npin = 4\nmute = 4", "pin 4 is given twice"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(UserError) as caught:
        load(text)
    assert says in str(caught.value) and len(str(caught.value).splitlines()) == 1
