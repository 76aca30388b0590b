"""From a stream of MIDI bytes to messages: any bytes are accepted, memory is bounded."""

from __future__ import annotations

import mido
from mido.messages.specs import SPEC_BY_STATUS

SYSEX_START, FIRST_COMMON, FIRST_REALTIME, STATUS = 0xF0, 0xF0, 0xF8, 0x80


class MidiBytes:
    """Keeps at most three bytes: one message that is not complete.

    Beyond mido's own parser it knows running status (hardware bridges use it), lets clock and
    active sensing stand inside a message, and drops system exclusive, which has no end that one
    can rely on.
    """

    def __init__(self) -> None:
        self._message = bytearray()  # status and the data so far; empty: waiting for a status
        self._length = 0

    def feed(self, data: bytes) -> list[mido.Message]:
        """Take bytes in any portions; return the messages that they complete."""
        found: list[mido.Message] = []
        for byte in data:
            if byte >= FIRST_REALTIME:
                if byte in SPEC_BY_STATUS:
                    found.append(mido.Message.from_bytes([byte]))
            elif byte >= STATUS:
                self._begin(byte)
            elif self._message:
                self._message.append(byte)
            if self._message and len(self._message) == self._length:
                found.append(mido.Message.from_bytes(self._message))
                # Running status, which only channel messages have.
                self._begin(self._message[0] if self._message[0] < FIRST_COMMON else SYSEX_START)
        return found

    def _begin(self, status: int) -> None:
        spec = SPEC_BY_STATUS.get(status)
        known = spec is not None and status != SYSEX_START
        self._message = bytearray([status]) if known else bytearray()
        self._length = int(spec["length"]) if spec is not None and known else 0
