"""The encoder under the display: turns, pushes and long pushes, through gpiozero."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ddsp_edge.presets.mapping import Gesture
from firmware_py.controls.board import Board
from firmware_py.controls.config import ControlsConfig, EncoderConfig
from firmware_py.controls.display_config import DisplayConfig
from firmware_py.controls.gestures import Press

NAME = "display"
_KNOWN: tuple[Gesture, ...] = ("short", "long")


class Knob:
    """Opens the encoder's pins: all contacts are debounced, a turn is counted by whole detents.

    ``post(call)`` runs ``call()`` in the owner's thread, from gpiozero's; so do ``turned(clicks,
    now_s)``, ``pushed(now_s)`` and ``held(now_s)``. Raises UserError where the pins cannot be had,
    MissingPackage without gpiozero or lgpio. ``factory`` is gpiozero's pin factory.
    """

    def __init__(
        self,
        config: DisplayConfig,
        *,
        post: Callable[[Callable[[], None]], None],
        turned: Callable[[int, float], None],
        pushed: Callable[[float], None],
        held: Callable[[float], None],
        factory: Any | None = None,
    ) -> None:
        self._post, self._turned, self._pushed, self._held = post, turned, pushed, held
        self._press = Press(config.hold_s)
        encoder = EncoderConfig(
            NAME, config.encoder_a, config.encoder_b, config.encoder_push, config.hold_s
        )
        self._board = Board(ControlsConfig(encoders=(encoder,)), self, factory)

    @property
    def due_s(self) -> float | None:
        """When :meth:`poll` must be called, seconds of time.monotonic(); None: nothing is due."""
        return self._press.due_s

    def poll(self, now_s: float) -> None:
        """A push that is held becomes a long one with time alone. The owner's thread."""
        self._gestures(self._press.poll(now_s), now_s)

    def close(self) -> None:
        """Release the pins; nothing is called from then on."""
        self._board.close()

    # ---- from gpiozero's threads

    def turn(self, name: str, clicks: int) -> None:
        """The encoder was turned by so many detents."""
        now_s = time.monotonic()
        self._post(lambda: self._turned(clicks, now_s))

    def edge(self, kind: str, name: str, down: bool) -> None:
        """Take a change of its switch, which is down or up now."""
        now_s = time.monotonic()
        self._post(lambda: self._gestures(self._press.edge(down, now_s, _KNOWN), now_s))

    def click(self, kind: str, name: str) -> None:
        """Latching switches click; an encoder has none."""

    def _gestures(self, gestures: tuple[Gesture, ...], now_s: float) -> None:
        for gesture in gestures:
            if gesture == "short":
                self._pushed(now_s)
            elif gesture == "long":
                self._held(now_s)
