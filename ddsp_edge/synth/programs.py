"""Program change and bank select: which sound the player asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mido


class Programs:
    """Each channel (counted from 0) has its own bank, which counts from the next program on."""

    def __init__(self) -> None:
        self._banks = [0] * 16

    def bank_high(self, value: int, channel: int) -> None:
        """Take the bank's upper seven bits (controller 0)."""
        self._banks[channel] = value << 7 | (self._banks[channel] & 0x7F)

    def bank_low(self, value: int, channel: int) -> None:
        """Take the bank's lower seven bits (controller 32)."""
        self._banks[channel] = (self._banks[channel] & ~0x7F) | value

    def bank(self, channel: int) -> int:
        """The bank chosen on a channel, 0..16383."""
        return self._banks[channel]

    def receive(self, message: mido.Message, channel: int) -> tuple[int, int] | None:
        """(bank, program), both from 0, of a program change on ``channel``: 1..16, 0 for all."""
        on = getattr(message, "channel", None)
        if on is None or (channel and on != channel - 1):
            return None
        if message.type == "program_change":
            return self.bank(on), message.program
        if message.type == "control_change" and message.control == 0:
            self.bank_high(message.value, on)
        elif message.type == "control_change" and message.control == 32:
            self.bank_low(message.value, on)
        return None
