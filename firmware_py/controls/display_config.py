"""``[display]`` of the config: the box's own display and its knob (docs/display.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import Range
from firmware_py.controls.config import Hold
from firmware_py.controls.gestures import HOLD_S

Kind = Literal["none", "ssd1306", "sh1106", "lcd20x4", "lcd16x2"]
OptionalPin = Annotated[int, Range(-1, 255)]  #: as Pin; -1: not connected
#: GPIO numbers of the header's I2C bus 1.
I2C_PINS = 2, 3
USUAL_ADDRESS = {"ssd1306": 0x3C, "sh1106": 0x3C, "lcd20x4": 0x27, "lcd16x2": 0x27}


@dataclass(frozen=True, slots=True)
class DisplayConfig:
    """The table [display]. An OLED (128 x 64) or characters (HD44780 behind a PCF8574), on I2C."""

    kind: Kind = "none"
    bus: Annotated[int, Range(0, 31)] = 1  #: /dev/i2c-1
    address: Annotated[int, Range(0, 0x77)] = 0  #: 0: the kind's usual one
    rotation: Literal[0, 180] = 0  #: degrees; of an OLED
    encoder_a: OptionalPin = -1
    encoder_b: OptionalPin = -1
    encoder_push: OptionalPin = -1  #: the switch under the knob
    hold_s: Hold = HOLD_S  #: from here on a push is long

    def __post_init__(self) -> None:
        if 0 < self.address < 0x08:
            raise UserError(f"address {self.address:#04x} is reserved; give 0x08 to 0x77")
        if self.rotation and self.kind.startswith("lcd"):
            raise UserError(f"rotation: a {self.kind} cannot be turned; only an OLED can")
        pins = self.pins()
        if pins and len(pins) != 3:
            raise UserError(
                "the encoder needs all of encoder_a, encoder_b and encoder_push, or none of them"
            )
        if len(set(pins)) != len(pins):
            raise UserError(f"the encoder has one pin twice: {', '.join(map(str, pins))}")
        for pin in pins:
            if self.kind != "none" and self.bus == 1 and pin in I2C_PINS:
                raise UserError(f"pin {pin} belongs to the display's I2C bus; choose another")

    def pins(self) -> tuple[int, ...]:
        """The encoder's pins that are given."""
        return tuple(p for p in (self.encoder_a, self.encoder_b, self.encoder_push) if p >= 0)

    @property
    def i2c_address(self) -> int:
        """Where the display is on the bus."""
        return self.address or USUAL_ADDRESS.get(self.kind, 0)
