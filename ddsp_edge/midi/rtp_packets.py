"""The packets of RTP-MIDI: sessions as Apple's driver holds them, MIDI as RFC 6295 packs it.

Bytes only; :mod:`ddsp_edge.midi.rtp` has the sockets. Whatever comes in is hostile until read: a
packet that is not whole raises ``Malformed``, nothing else.

Sources: RFC 6295 (RTP payload format for MIDI; the recovery journal is in its appendix A) and
Apple's "MIDI Network Driver Protocol" (sessions, clock).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\xff\xff"
PROTOCOL = 2
INVITATION, ACCEPTED, REFUSED, END, CLOCK, FEEDBACK = b"IN", b"OK", b"NO", b"BY", b"CK", b"RS"
PAYLOAD_TYPE = 0x61
MAX_NAME = 128  #: bytes of a session's name that are read
SYSEX, SYSEX_GOES_ON, SYSEX_CANCELLED = 0xF0, 0xF7, 0xF4
_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


class Malformed(ValueError):
    """A packet that breaks the protocol; it is dropped."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command of a session: an invitation, its answer or an end."""

    command: bytes
    token: int  #: of the one who invited
    ssrc: int  #: of the sender
    name: str = ""

    def packed(self) -> bytes:
        """Return the bytes of the packet."""
        head = SIGNATURE + self.command + struct.pack(">III", PROTOCOL, self.token, self.ssrc)
        return head if self.command == END else head + self.name.encode()[:MAX_NAME] + b"\0"


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the three packets that compare two clocks. Times are in units of 100 us."""

    ssrc: int
    count: int  #: 0, 1 or 2: which of the three
    times: tuple[int, int, int]

    def packed(self) -> bytes:
        """Return the bytes of the packet."""
        times = (each & 0xFFFFFFFFFFFFFFFF for each in self.times)
        return SIGNATURE + CLOCK + struct.pack(">IBxxxQQQ", self.ssrc, self.count, *times)


def feedback(ssrc: int, sequence: int) -> bytes:
    """The packet that says up to which sequence number everything has come."""
    return SIGNATURE + FEEDBACK + struct.pack(">IHxx", ssrc, sequence)


def read_command(data: bytes) -> Exchange | Clock | None:
    """A command of a session; None for one that asks nothing of us. Raises Malformed."""
    command = data[2:4]
    try:
        if command in (INVITATION, ACCEPTED, REFUSED, END):
            version, token, ssrc = struct.unpack_from(">III", data, 4)
            if version != PROTOCOL:
                raise Malformed(f"protocol version {version}")
            name = data[16 : 16 + MAX_NAME].split(b"\0")[0].decode(errors="replace")
            printable = "".join(each if each.isprintable() else "?" for each in name)
            return Exchange(command, token, ssrc, printable)
        if command == CLOCK:
            ssrc, count, *times = struct.unpack_from(">IBxxxQQQ", data, 4)
            if count > 2:
                raise Malformed(f"clock packet {count}")
            return Clock(ssrc, count, (times[0], times[1], times[2]))
    except struct.error:
        raise Malformed("a command that is cut off") from None
    return None


@dataclass(frozen=True, slots=True)
class MidiPacket:
    """The MIDI messages of one RTP packet, and its journal."""

    ssrc: int
    sequence: int  #: 0..65535
    commands: tuple[bytes, ...]  #: whole messages; system exclusive is left out
    journal: bytes | None  #: what is needed after a loss; None where the sender keeps none


def read_midi(data: bytes) -> MidiPacket:
    """An RTP packet of MIDI. Raises Malformed."""
    if len(data) < 13:
        raise Malformed("an RTP packet that is cut off")
    first, kind, sequence, _, ssrc = struct.unpack_from(">BBHII", data)
    if first >> 6 != 2 or kind & 0x7F != PAYLOAD_TYPE:
        raise Malformed("not an RTP packet of MIDI")
    at = 12 + 4 * (first & 0x0F)  # contributing sources
    if first & 0x10:  # a header extension
        if len(data) < at + 4:
            raise Malformed("a header extension that is cut off")
        at += 4 + 4 * struct.unpack_from(">H", data, at + 2)[0]
    if len(data) <= at:
        raise Malformed("no MIDI section")
    flags = data[at]
    size = flags & 0x0F
    at += 1
    if flags & 0x80:
        if len(data) <= at:
            raise Malformed("a length that is cut off")
        size = size << 8 | data[at]
        at += 1
    if len(data) < at + size:
        raise Malformed("a MIDI section that is cut off")
    commands = tuple(_commands(data[at : at + size], bool(flags & 0x20)))
    return MidiPacket(ssrc, sequence, commands, data[at + size :] if flags & 0x40 else None)


def _commands(data: bytes, timed: bool) -> Iterator[bytes]:
    """The messages of a MIDI list. ``timed``: the first one has a delta time too."""
    at, status = 0, 0
    first = True
    while at < len(data):
        if timed or not first:
            at = _after_delta(data, at)
            if at >= len(data):  # a delta time may end a list
                return
        first = False
        byte = data[at]
        if byte in (SYSEX, SYSEX_GOES_ON):
            at, status = _after_sysex(data, at + 1), 0
            continue
        if byte >= 0x80:
            at += 1
            if byte < 0xF8:
                status = byte if byte < 0xF0 else 0
        elif status:
            byte = status
        else:
            raise Malformed("data without a status")
        size = _DATA_BYTES.get(byte, 0) if byte >= 0xF0 else 1 if 0xC0 <= byte < 0xE0 else 2
        body = data[at : at + size]
        if len(body) < size or any(each >= 0x80 for each in body):
            raise Malformed("a message that is cut off")
        at += size
        yield bytes([byte]) + body


def _after_delta(data: bytes, at: int) -> int:
    """Where the delta time at ``at`` ends: one to four bytes."""
    for length in range(1, 5):
        if at + length > len(data):
            raise Malformed("a delta time that is cut off")
        if data[at + length - 1] < 0x80:
            return at + length
    raise Malformed("a delta time of more than four bytes")


def _after_sysex(data: bytes, at: int) -> int:
    """Where a piece of system exclusive ends; its last byte says whether more pieces follow."""
    while at < len(data):
        if data[at] in (SYSEX, SYSEX_GOES_ON, SYSEX_CANCELLED):
            return at + 1
        at += 1
    return at
