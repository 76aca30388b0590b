"""``[controls]`` of the config: which control is wired to which pin, and the device's mappings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import ControlMapping, parse_control
from ddsp_edge.system.toml_config import Range, did_you_mean
from firmware_py.controls.gestures import HOLD_S

Pin = Annotated[int, Range(0, 255)]  #: the chip's number (BCM on a Raspberry Pi): GPIO17 is 17
Hold = Annotated[float, Range(0.2, 5, "s")]
#: What a light may show, and when it is on.
SHOWS = {
    "active": "the instrument is heard, not the bypass",
    "bypass": "the input goes straight to the output",
    "tuner": "the tuner is on",
    "freeze": "the sound is held",
    "clip": "the input is too loud",
    "signal": "the input is heard",
    "card": "the sound card is there",
}


def _named(control: str) -> None:
    """Raise UserError where mappings could not refer to a control of this name."""
    parse_control(control)


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """A footswitch from a pin to ground (or, ``pull_up = false``, to 3.3 V)."""

    name: str
    pin: Pin
    pull_up: bool = True
    kind: Literal["momentary", "latching"] = "momentary"  #: latching: each click is a press
    hold_s: Hold = HOLD_S  #: from here on a press is long
    bounce_s: Annotated[float, Range(0, 0.1, "s")] = 0.005

    def __post_init__(self) -> None:
        _named(f"switch {self.name}")


@dataclass(frozen=True, slots=True)
class KeyConfig:
    """One key of a USB pedal that registers as a keyboard; it works as a switch."""

    name: str
    key: str  #: as Linux calls it, KEY_PAGEUP; `evtest` shows it
    device: str = ""  #: part of the keyboard's name; "": any that has the key
    grab: bool = True  #: keep its keys from everybody else
    hold_s: Hold = HOLD_S

    def __post_init__(self) -> None:
        _named(f"switch {self.name}")


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """A rotary encoder: A and B to ground, and perhaps a switch under its knob."""

    name: str
    a: Pin
    b: Pin
    switch: Pin | None = None
    hold_s: Hold = HOLD_S

    def __post_init__(self) -> None:
        _named(f"encoder {self.name}")


@dataclass(frozen=True, slots=True)
class ExpressionConfig:
    """An expression pedal at a channel of an MCP3008 on the board's SPI bus."""

    name: str
    channel: Annotated[int, Range(0, 7)]
    select: Annotated[int, Range(0, 1)] = 0  #: the bus's chip select: CE0 or CE1
    heel: Annotated[float, Range(0, 1)] = 0.02  #: what the converter reads with the heel down
    toe: Annotated[float, Range(0, 1)] = 0.98  #: and with the toe down; lower than heel: reversed

    def __post_init__(self) -> None:
        _named(f"expression {self.name}")
        if abs(self.toe - self.heel) < 0.05:
            raise UserError(f"expression {self.name!r}: heel and toe are too close together")


@dataclass(frozen=True, slots=True)
class LightConfig:
    """An LED at a pin, and the state of the box that it shows."""

    shows: Literal["active", "bypass", "tuner", "freeze", "clip", "signal", "card"]
    pin: Pin
    active_high: bool = True  #: the pin is high when it is lit
    blink: bool = False  #: lit means blinking


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """True bypass: the relay is energised while the instrument plays; without power, with the
    program stopped or crashed at start, the input goes straight to the output."""

    pin: Pin | None = None
    mute: Pin | None = None  #: line that mutes the output while the relay moves
    active_high: bool = True
    settle_s: Annotated[float, Range(0.001, 0.2, "s")] = 0.015  #: before and after it moves


@dataclass(frozen=True, slots=True)
class ControlsConfig:
    """The table [controls]: all controls of the box. There are none by default."""

    switches: Annotated[tuple[SwitchConfig, ...], Range(0, 32)] = ()
    keys: Annotated[tuple[KeyConfig, ...], Range(0, 64)] = ()
    encoders: Annotated[tuple[EncoderConfig, ...], Range(0, 16)] = ()
    expressions: Annotated[tuple[ExpressionConfig, ...], Range(0, 16)] = ()
    lights: Annotated[tuple[LightConfig, ...], Range(0, 32)] = ()
    relay: RelayConfig = RelayConfig()
    #: What the controls do where a preset says nothing else.
    mappings: Annotated[tuple[ControlMapping, ...], Range(0, 128)] = ()

    def __post_init__(self) -> None:
        _different("pin", self.pins())
        _different("encoder", (e.name for e in self.encoders))
        _different("expression", (e.name for e in self.expressions))
        _different("switch", (s.name for s in self.switches))
        known = {
            "switch": {s.name for s in self.switches} | {k.name for k in self.keys},
            "encoder": {e.name for e in self.encoders},
            "expression": {e.name for e in self.expressions},
        }
        for mapping in self.mappings:
            kind, name = mapping.source.kind, mapping.source.name
            if kind in known and name not in known[kind]:
                raise UserError(
                    f"mappings: no {kind} is called {name!r}; {did_you_mean(name, known[kind])}"
                )

    def pins(self) -> Iterable[int]:
        """Every pin that something is connected to, as often as it is given."""
        yield from (s.pin for s in self.switches)
        yield from (light.pin for light in self.lights)
        for encoder in self.encoders:
            yield from (encoder.a, encoder.b)
        extra = (self.relay.pin, self.relay.mute, *(e.switch for e in self.encoders))
        yield from (pin for pin in extra if pin is not None)

    @property
    def uses_gpio(self) -> bool:
        """Whether anything is connected to a pin or to the SPI bus."""
        return bool(self.expressions) or any(True for _ in self.pins())


def _different(what: str, values: Iterable[object]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise UserError(f"{what} {value} is given twice")
        seen.add(value)
