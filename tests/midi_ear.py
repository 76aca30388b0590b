"""What MidiPorts delivers and says, to be waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mido

PATIENCE_S = 20.0  # the machine may be busy; nothing is asserted about time


def until(reached: Callable[[], bool]) -> bool:
    """Wait for it; False where it does not come."""
    end = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Ear:
    """``deliver`` and ``on_event`` of MidiPorts."""

    def __init__(self) -> None:
        self.messages: list[mido.Message] = []
        self.events: list[dict[str, Any]] = []

    def deliver(self, message: mido.Message) -> None:
        self.messages.append(message)

    def on_event(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def held(self) -> set[tuple[int, int]]:
        """(channel, note) that were begun and not ended."""
        held: set[tuple[int, int]] = set()
        for message in list(self.messages):
            if message.type == "note_on" and message.velocity > 0:
                held.add((message.channel, message.note))
            elif message.type in ("note_on", "note_off"):
                held.discard((message.channel, message.note))
        return held

    def said(self, state: str, port: str = "") -> bool:
        """An event of this state, of a port whose name holds ``port``."""
        return any(e["state"] == state and port in e["port"] for e in list(self.events))

    def times_said(self, state: str, port: str = "") -> int:
        return sum(e["state"] == state and port in e["port"] for e in list(self.events))
