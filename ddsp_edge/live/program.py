"""Program change and bank select: which sound the player asks for."""

from __future__ import annotations

import mido


class Programs:
    """Each channel has its own bank (CC0 and CC32), which counts from the next program on."""

    def __init__(self) -> None:
        self._banks = [0] * 16

    def receive(self, message: mido.Message, channel: int) -> tuple[int, int] | None:
        """(bank, program), both from 0, of a program change on ``channel``: 1..16, 0 for all."""
        on = getattr(message, "channel", None)
        if on is None or (channel and on != channel - 1):
            return None
        if message.type == "program_change":
            return self._banks[on], message.program
        if message.type == "control_change":
            if message.control == 0:
                self._banks[on] = message.value << 7 | (self._banks[on] & 0x7F)
            elif message.control == 32:
                self._banks[on] = (self._banks[on] & ~0x7F) | message.value
        return None
