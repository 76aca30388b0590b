"""The displays that there are, through luma.oled and luma.lcd; imported where one is opened."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from ddsp_edge.errors import UserError
from firmware_py.controls.display_config import DisplayConfig
from firmware_py.controls.packages import MissingPackage
from firmware_py.display.characters import write
from firmware_py.display.screens import Screen

INSTALL = "pip install 'ddsp-edge[display]'"


class Display(Protocol):
    """A display that is open. Its methods block for a write on the bus; one thread."""

    def show(self, screen: Screen) -> None:
        """Show a screen. Raises UserError where the display does not answer any more."""

    def dim(self, dimmed: bool) -> None:
        """Spare an OLED's pixels, or not; others stay as they are. Raises UserError as show."""

    def close(self, keep: bool = False) -> None:
        """Let go of it; ``keep``: what it shows stays."""


def open_display(config: DisplayConfig, bus: Any | None = None) -> Display:
    """Open the display of a config.

    ``bus`` has the methods of smbus2.SMBus; None: the board's. Raises MissingPackage where luma
    is not installed, UserError where no display answers.
    """
    try:
        if config.kind.startswith("lcd"):
            return _Characters(config, bus)
        return _Oled(config, bus)
    except ImportError as error:
        raise MissingPackage(f"display: {error.name} is not installed; {INSTALL}") from None
    except Exception as error:  # luma's, smbus2's and the kernel's: all kinds of classes
        raise _lost(config, error) from error


def _lost(config: DisplayConfig, error: Exception) -> UserError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return UserError(
        f"display: no {config.kind} at {config.i2c_address:#04x} on /dev/i2c-{config.bus} "
        f"({reason}); check the wiring, address, dtparam=i2c_arm=on and the group i2c"
    )


#: Of 255. Full: what luma sets each kind to.
FULL_CONTRAST = {"ssd1306": 0xCF, "sh1106": 0x7F}
DIM_CONTRAST = 0x01


class _Oled:
    def __init__(self, config: DisplayConfig, bus: Any | None) -> None:
        from luma.core.interface.serial import i2c
        from luma.oled import device

        # Pillow comes with luma.
        from firmware_py.display.picture import draw

        self._config, self._draw = config, draw
        serial = i2c(bus=bus, port=config.bus, address=config.i2c_address)
        kind = device.sh1106 if config.kind == "sh1106" else device.ssd1306
        self._device = kind(serial, rotate=config.rotation // 90)

    def show(self, screen: Screen) -> None:
        try:
            self._device.display(self._draw(screen))
        except Exception as error:
            raise _lost(self._config, error) from error

    def dim(self, dimmed: bool) -> None:
        try:
            self._device.contrast(DIM_CONTRAST if dimmed else FULL_CONTRAST[self._config.kind])
        except Exception as error:
            raise _lost(self._config, error) from error

    def close(self, keep: bool = False) -> None:
        self._device.persist = keep
        with contextlib.suppress(Exception):  # it may have been pulled out
            self._device.cleanup()


class _Characters:
    def __init__(self, config: DisplayConfig, bus: Any | None) -> None:
        from luma.core.interface.serial import pcf8574
        from luma.lcd.device import hd44780

        self._config = config
        self._size = (20, 4) if config.kind == "lcd20x4" else (16, 2)
        serial = pcf8574(bus=bus, port=config.bus, address=config.i2c_address)
        self._device = hd44780(serial, width=self._size[0], height=self._size[1], undefined="?")

    def show(self, screen: Screen) -> None:
        try:
            self._device.text = "\n".join(write(screen, *self._size))
        except Exception as error:
            raise _lost(self._config, error) from error

    def dim(self, dimmed: bool) -> None:
        """Its light wears nothing out."""

    def close(self, keep: bool = False) -> None:
        self._device.persist = keep
        with contextlib.suppress(Exception):
            self._device.cleanup()
