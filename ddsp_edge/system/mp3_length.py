"""How long an MPEG audio file is, and how much is missing: its frames are counted, not estimated.

Without a Xing or VBRI header a decoder estimates the length from the file's size, tags and all,
and with one encoders count their delay and padding differently: neither says that a file was cut.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

#: Fewer frames than declared, up to so many, are delay, padding or the frame of the header itself.
SLACK_FRAMES = 4
_SYNC_BYTES = 1 << 18  #: beyond a tag, this far a first frame is looked for
#: kbit/s by the header's index 1 to 14, for MPEG 1 layers I, II, III and MPEG 2 layers I, II/III.
_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)  #: Hz of MPEG 1; MPEG 2 has half of it, MPEG 2.5 a quarter


@dataclass(frozen=True)
class _Frame:
    kind: tuple[int, int, int]  #: version bits, layer, Hz: the same in all frames of a file
    size: int  #: bytes
    samples: int  #: of each channel
    mono: bool


@dataclass(frozen=True)
class Length:
    """What an MPEG audio file holds."""

    found_s: float  #: of whole frames, in seconds
    missing_s: float  #: that were cut off its end, in seconds


def length_of(path: Path) -> Length:
    """Count the frames of an MPEG audio file.

    It is cut where its Xing, Info or VBRI header counts more frames than there are, or where its
    last frame is not complete. 0 and 0 for a file whose frames are not found or of free bit rate.
    Raises OSError.
    """
    with path.open("rb") as stream:
        try:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file
            return Length(0.0, 0.0)
        with data:
            return _length(data)


def _length(data: mmap.mmap) -> Length:
    at = _first(data)
    if at is None:
        return Length(0.0, 0.0)
    first = _frame(data, at)
    assert first is not None
    declared = _declared(data, at, first)
    whole, broken = 0, False
    while at >= 0 and not broken:
        frame = _frame(data, at)
        if frame is None:  # damage, or a tag behind the sound
            at = _again(data, at, first)
        elif at + frame.size > len(data):
            broken = True
        else:
            whole += 1
            at += frame.size
    short = declared - whole
    if short <= SLACK_FRAMES:
        short = 1 if broken else 0
    frame_s = first.samples / first.kind[2]
    return Length(whole * frame_s, short * frame_s)


def _first(data: mmap.mmap) -> int | None:
    """The place of the first frame that another one of its kind follows, or the file's end."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:  # its length has 7 bits a byte
        a, b, c, d = data[at + 6 : at + 10]
        footer = 10 if data[at + 5] & 0x10 else 0
        at += 10 + (a << 21 | b << 14 | c << 7 | d) + footer
    end = min(len(data), at + _SYNC_BYTES)
    while (at := data.find(b"\xff", at, end)) >= 0:
        frame = _frame(data, at)
        if frame is not None:
            following = _frame(data, at + frame.size)
            if following is not None and following.kind == frame.kind:
                return at
        at += 1
    return None


def _again(data: mmap.mmap, at: int, first: _Frame) -> int:
    """After damage, the place of the next frame of the file's kind that another follows, or -1."""
    while (at := data.find(b"\xff", at + 1)) >= 0:
        frame = _frame(data, at)
        if frame is not None and frame.kind == first.kind:
            following = _frame(data, at + frame.size)
            if following is not None and following.kind == first.kind:
                return at
    return -1


def _frame(data: mmap.mmap, at: int) -> _Frame | None:
    """What the four bytes at this place say, None where they are no frame's."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    index, rate_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or index in (0, 15) or rate_index == 3:
        return None
    rate = _RATES[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    bits = 1000 * _KBITS[1 if version == 3 else 2, layer][index - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        size, samples = 4 * (12 * bits // rate + padding), 384
    else:
        samples = 576 if layer == 3 and version != 3 else 1152
        size = samples // 8 * bits // rate + padding
    return _Frame((version, layer, rate), size, samples, head[3] >> 6 == 3)


def _declared(data: mmap.mmap, at: int, frame: _Frame) -> int:
    """Frames that the first frame's Xing, Info or VBRI header counts; 0 without one."""
    side = (17 if frame.mono else 32) if frame.kind[0] == 3 else (9 if frame.mono else 17)
    place = at + 4 + side
    if data[place : place + 4] in (b"Xing", b"Info") and data[place + 7 : place + 8]:
        return int.from_bytes(data[place + 8 : place + 12]) if data[place + 7] & 1 else 0
    place = at + 4 + 32
    return (
        int.from_bytes(data[place + 14 : place + 18]) if data[place : place + 4] == b"VBRI" else 0
    )
