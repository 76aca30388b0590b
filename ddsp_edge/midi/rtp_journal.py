"""The recovery journal of RTP-MIDI: what a lost packet would have changed (RFC 6295, appendix A).

Each packet carries the state that its receiver must have by now, as far as it has changed since a
checkpoint. After a loss :func:`repair` makes the messages that lead from what was heard to that
state. Programs, controllers, bend, pressure and notes are repaired; the chapters of parameters
(RPN), note repetitions and key pressure are passed over, since nothing hangs for want of them.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator

from ddsp_edge.midi.rtp_packets import Malformed

#: The bits of a channel journal's third byte, in the order of the chapters.
PROGRAM, CONTROL, PARAMETERS, WHEEL, NOTES, EXTRAS, TOUCH, KEY_TOUCH = (
    0x80,
    0x40,
    0x20,
    0x10,
    0x08,
    0x04,
    0x02,
    0x01,
)


def repair(journal: bytes, sounding: Collection[tuple[int, int]]) -> list[bytes]:
    """Messages that lead to the state in ``journal``. Raises Malformed.

    ``sounding``: (channel, key) of the notes that were begun here and not ended. Controllers come
    before notes, so that a pedal that is up by now holds none of them.
    """
    if len(journal) < 3:
        raise Malformed("a journal that is cut off")
    flags = journal[0]
    at = 3
    if flags & 0x40:  # the system's journal: nothing here acts on it
        at += _uint16(journal, at) & 0x03FF
    if not flags & 0x20:
        return []
    found: list[bytes] = []
    for _ in range((flags & 0x0F) + 1):
        head = _uint16(journal, at)
        length = head & 0x03FF
        chapters = journal[at + 2 : at + length]
        if length < 3 or len(journal) < at + length:
            raise Malformed("a channel's journal that is cut off")
        channel = head >> 11 & 0x0F
        held = {key for on, key in sounding if on == channel}
        found += _channel(channel, chapters[0], chapters[1:], held)
        at += length
    return found


def _uint16(data: bytes, at: int) -> int:
    try:
        return int(struct.unpack_from(">H", data, at)[0])
    except struct.error:
        raise Malformed("a journal that is cut off") from None


def _channel(channel: int, which: int, data: bytes, held: set[int]) -> Iterator[bytes]:
    """The repairs of one channel; ``data`` are its chapters one after the other."""
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        part = data[at : at + size]
        if len(part) < size:
            raise Malformed("a chapter that is cut off")
        at += size
        return part

    if which & PROGRAM:
        program, msb, lsb = take(3)
        if msb & 0x80:
            yield bytes([0xB0 | channel, 0, msb & 0x7F])
            yield bytes([0xB0 | channel, 32, lsb & 0x7F])
        yield bytes([0xC0 | channel, program & 0x7F])
    if which & CONTROL:
        logs = take(2 * ((take(1)[0] & 0x7F) + 1))
        for number, value in zip(logs[::2], logs[1::2], strict=True):
            if not value & 0x80:  # else it counts how often it was pressed
                yield bytes([0xB0 | channel, number & 0x7F, value])
    if which & PARAMETERS:
        size = _uint16(data, at) & 0x03FF
        take(max(2, size))
    if which & WHEEL:
        low, high = take(2)
        yield bytes([0xE0 | channel, low & 0x7F, high & 0x7F])
    if which & NOTES:
        count, edges = take(2)
        count, low, high = count & 0x7F, edges >> 4, edges & 0x0F
        if count == 127 and (low, high) == (15, 0):
            count = 128
        logs = take(2 * count)
        ended = take(high - low + 1 if low <= high else 0)
        for place, byte in enumerate(ended):
            for bit in range(8):
                key = 8 * (low + place) + bit
                if byte & 0x80 >> bit and key in held:
                    yield bytes([0x80 | channel, key, 64])
        for key, velocity in zip(logs[::2], logs[1::2], strict=True):
            # Velocity's first bit: it is not too late to play it.
            if velocity & 0x80 and velocity & 0x7F and key & 0x7F not in held:
                yield bytes([0x90 | channel, key & 0x7F, velocity & 0x7F])
    if which & EXTRAS:
        take(2 * ((take(1)[0] & 0x7F) + 1))
    if which & TOUCH:
        yield bytes([0xD0 | channel, take(1)[0] & 0x7F])
