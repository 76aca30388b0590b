"""luma's own drivers, down to the bytes on the bus, which a controller of ours decodes."""

from __future__ import annotations

import sys

import pytest

from ddsp_edge.errors import UserError
from firmware_py.controls.display_config import DisplayConfig
from firmware_py.controls.packages import MissingPackage
from firmware_py.display.devices import open_display
from firmware_py.display.screens import MessageScreen, TunerScreen

pytest.importorskip("luma.oled", reason="the extra `display` is not installed")
pytest.importorskip("luma.lcd", reason="the extra `display` is not installed")
pytest.importorskip("anyascii", reason="the extra `display` is not installed")
from display_bus import Hd44780, Sh1106, Ssd1306
from display_screens import SCREENS

from firmware_py.display.characters import write
from firmware_py.display.picture import SIZE, draw


def pixels(picture):
    return {(x, y) for x in range(SIZE[0]) for y in range(SIZE[1]) if picture.getpixel((x, y))}


@pytest.mark.parametrize(("kind", "controller"), [("ssd1306", Ssd1306), ("sh1106", Sh1106)])
def test_an_oled_lights_the_pixels_of_the_picture(kind, controller):
    bus = controller()
    display = open_display(DisplayConfig(kind), bus)
    assert bus.on and bus.lit() == set()
    for name in ("play", "tuner", "presets"):
        display.show(SCREENS[name])
        assert bus.lit() == pixels(draw(SCREENS[name])), name
    bright = bus.contrast
    display.dim(True)
    assert bus.contrast < bright
    display.dim(False)
    assert bus.contrast == bright
    display.close()
    assert not bus.on


def test_an_oled_that_is_mounted_upside_down_at_another_address():
    bus = Ssd1306(0x3D)
    display = open_display(DisplayConfig("ssd1306", address=0x3D, rotation=180), bus)
    display.show(SCREENS["play"])
    turned = {(127 - x, 63 - y) for x, y in pixels(draw(SCREENS["play"]))}
    assert bus.lit() == turned
    display.close(keep=True)
    assert bus.on and bus.lit() == turned  # the last words stay


@pytest.mark.parametrize(("kind", "size"), [("lcd20x4", (20, 4)), ("lcd16x2", (16, 2))])
def test_characters_are_those_of_the_rows(kind, size):
    bus = Hd44780(*size)
    display = open_display(DisplayConfig(kind), bus)
    assert bus.on and bus.light
    for name in ("play", "play-notice", "play-long-name", "tuner", "presets", "level", "code"):
        display.show(SCREENS[name])
        assert bus.text() == write(SCREENS[name], *size), name
    every = "".join(chr(code) for code in range(0x20, 0x7E))
    for start in range(0, len(every), size[0]):
        screen = MessageScreen(every[start : start + size[0]])
        display.show(screen)
        assert bus.text() == write(screen, *size)
    before = bus.writes
    display.dim(True)
    assert bus.writes == before
    display.close()


@pytest.mark.parametrize("kind", ["ssd1306", "sh1106", "lcd16x2"])
def test_a_display_that_is_not_there_or_is_pulled_out_is_one_line(kind):
    config = DisplayConfig(kind)
    bus = Hd44780(16, 2) if kind == "lcd16x2" else Ssd1306()
    bus.there = False
    with pytest.raises(
        UserError, match=rf"no {kind} at 0x\w\w on /dev/i2c-1 \(.+\); check"
    ) as said:
        open_display(config, bus)
    assert "\n" not in str(said.value)
    bus.there = True
    display = open_display(config, bus)
    display.show(TunerScreen("A4"))
    bus.there = False
    with pytest.raises(UserError, match=f"no {kind} at"):
        display.show(TunerScreen("B4"))
    display.close()  # says nothing
    bus.there = True
    display = open_display(config, bus)
    display.show(TunerScreen("B4"))
    display.close()


def test_no_bus_at_all():
    with pytest.raises(UserError, match=r"no sh1106 at 0x3c on /dev/i2c-31 \(.*not found.*\)"):
        open_display(DisplayConfig("sh1106", bus=31))


@pytest.mark.parametrize(("kind", "package"), [("sh1106", "luma.oled"), ("lcd16x2", "luma.lcd")])
def test_without_the_library_the_command_that_installs_it(kind, package, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=r"pip install 'ddsp-edge\[display\]'"):
        open_display(DisplayConfig(kind), Ssd1306())
