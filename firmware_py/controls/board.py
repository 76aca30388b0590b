"""The devices at the board's pins, through gpiozero and lgpio (mock pins in tests)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Protocol

from ddsp_edge.errors import UserError
from firmware_py.controls.config import ControlsConfig, EncoderConfig, LightConfig, SwitchConfig
from firmware_py.controls.packages import load_gpiozero, load_lgpio_factory

#: Seconds of one half of a blink.
BLINK_S = 0.25


class Listener(Protocol):
    """Receives edges, clicks and turns, in gpiozero's own threads."""

    def edge(self, kind: str, name: str, down: bool) -> None: ...
    def click(self, kind: str, name: str) -> None: ...
    def turn(self, name: str, clicks: int) -> None: ...


class Board:
    """Opens every pin of a config, all or none. Raises UserError, with the remedy; MissingPackage
    where gpiozero or lgpio is not installed.

    ``factory`` is gpiozero's pin factory; None: the board's.
    """

    def __init__(
        self, config: ControlsConfig, listener: Listener, factory: Any | None = None
    ) -> None:
        self._devices: list[Any] = []
        self._lights: list[tuple[LightConfig, Any]] = []
        self._converters: dict[str, Any] = {}
        self._relay: Any = None
        self._mute: Any = None
        try:
            self._gpiozero = load_gpiozero()
            self._factory = factory if factory is not None else _board_factory()
            self._open(config, listener)
        except UserError:
            self.close()
            raise
        except Exception as error:  # gpiozero's, lgpio's, the kernel's: all kinds of classes
            self.close()
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UserError(
                f"controls: the board's pins cannot be opened ({reason}); is another program "
                "using them, and is the user in the groups gpio and spi?"
            ) from error

    def _open(self, config: ControlsConfig, listener: Listener) -> None:
        for switch in config.switches:
            self._open_switch(switch, listener)
        for encoder in config.encoders:
            self._open_encoder(encoder, listener)
        for pedal in config.expressions:
            converter = self._device("MCP3008", channel=pedal.channel, port=0, device=pedal.select)
            self._converters[pedal.name] = converter
        for light in config.lights:
            led = self._device("LED", light.pin, active_high=light.active_high)
            self._lights.append((light, led))
        relay = config.relay
        if relay.pin is not None:
            self._relay = self._device(
                "DigitalOutputDevice", relay.pin, active_high=relay.active_high
            )
        if relay.mute is not None:
            self._mute = self._device("DigitalOutputDevice", relay.mute)

    def _device(self, kind: str, *arguments: Any, **options: Any) -> Any:
        device = getattr(self._gpiozero, kind)(*arguments, pin_factory=self._factory, **options)
        self._devices.append(device)
        return device

    def _open_switch(self, switch: SwitchConfig, listener: Listener) -> None:
        button = self._device(
            "Button",
            switch.pin,
            pull_up=switch.pull_up,
            bounce_time=switch.bounce_s or None,
        )
        if switch.kind == "latching":
            button.when_pressed = button.when_released = _call(
                listener.click, "switch", switch.name
            )
        else:
            button.when_pressed = _call(listener.edge, "switch", switch.name, True)
            button.when_released = _call(listener.edge, "switch", switch.name, False)

    def _open_encoder(self, encoder: EncoderConfig, listener: Listener) -> None:
        # max_steps 0: it turns for ever, only the clicks matter.
        knob = self._device("RotaryEncoder", encoder.a, encoder.b, max_steps=0)
        knob.when_rotated_clockwise = _call(listener.turn, encoder.name, 1)
        knob.when_rotated_counter_clockwise = _call(listener.turn, encoder.name, -1)
        if encoder.switch is not None:
            button = self._device("Button", encoder.switch, bounce_time=0.005)
            button.when_pressed = _call(listener.edge, "encoder", encoder.name, True)
            button.when_released = _call(listener.edge, "encoder", encoder.name, False)

    def position(self, name: str) -> float:
        """The converter's reading of an expression pedal, 0..1. May raise OSError."""
        return float(self._converters[name].value)

    def light(self, shows: str, on: bool) -> None:
        """Switch every light that shows this state, a key of SHOWS."""
        for light, led in self._lights:
            if light.shows == shows:
                if on and light.blink:
                    led.blink(BLINK_S, BLINK_S)
                else:
                    led.value = on

    def energise(self, on: bool) -> None:
        """Energise the bypass relay, or release it."""
        if self._relay is not None:
            self._relay.value = on

    def mute(self, on: bool) -> None:
        """Set the line that mutes the output."""
        if self._mute is not None:
            self._mute.value = on

    @property
    def has_relay(self) -> bool:
        return self._relay is not None

    def close(self) -> None:
        """Release all pins, which switches the lights off."""
        for device in reversed(self._devices):
            with contextlib.suppress(Exception):  # the others must be closed all the same
                device.close()
        self._devices.clear()


def _call(call: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """Return a callback without parameters; gpiozero inspects the signature of what it calls."""

    def without_arguments() -> None:
        call(*arguments)

    return without_arguments


def _board_factory() -> Any:
    """lgpio, unless GPIOZERO_PIN_FACTORY says otherwise: gpiozero's other ways need root, a
    daemon or a Raspberry Pi."""
    from gpiozero import Device

    if os.environ.get("GPIOZERO_PIN_FACTORY"):
        Device.ensure_pin_factory()
        return Device.pin_factory
    return load_lgpio_factory()
