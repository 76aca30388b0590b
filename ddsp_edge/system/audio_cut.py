"""Whether an audio file is shorter than its header says: libsndfile only shortens the sound."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal

Order = Literal["little", "big"]
#: A recorder that cannot go back writes all ones, or the largest even length.
_UNKNOWN = 0xFFFFFF00
_W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
_MOST_CHUNKS = 10_000


def is_cut(path: Path) -> bool:
    """Whether the samples of a WAV, RF64, Wave64, AIFF, CAF or AU file end before their length.

    False for other formats, and where the header does not know. Raises OSError.
    """
    with path.open("rb") as stream:
        size = path.stat().st_size
        head = stream.read(12)
        if head[8:12] == b"WAVE" and head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
            return _wave(stream, size, "big" if head[3:4] == b"X" else "little")
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return _chunks(stream, size, b"SSND", "big", 4)
        if head[:4] == b"caff":
            stream.seek(8)
            return _chunks(stream, size, b"data", "big", 8)
        if head[:4] in (b".snd", b"dns."):
            order: Order = "big" if head[:1] == b"." else "little"
            offset, length = (int.from_bytes(head[i : i + 4], order) for i in (4, 8))
            return 0 < length < _UNKNOWN and offset + length > size
        if head[:4] == b"riff":
            return _wave64(stream, size)
    return False


def _wave(stream: BinaryIO, size: int, order: Order) -> bool:
    long = 0
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            return False
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == b"ds64":
            fields = stream.read(16)
            long = int.from_bytes(fields[8:], "little")
            stream.seek(length - len(fields), 1)
            continue
        if chunk[:4] == b"data":
            if length >= _UNKNOWN:
                length = long if long < 1 << 62 else 0
            return length > 0 and stream.tell() + length > size + 1
        stream.seek(length + length % 2, 1)
    return False


def _chunks(stream: BinaryIO, size: int, name: bytes, order: Order, width: int) -> bool:
    """As of AIFF (lengths of 4 bytes, padded to even) or CAF (of 8, as they are)."""
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(4 + width)
        if len(chunk) < 4 + width:
            return False
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == name:
            unknown = _UNKNOWN if width == 4 else 1 << 62
            return 0 < length < unknown and stream.tell() + length > size + 1
        if length >= 1 << 62:
            return False
        stream.seek(length + (length % 2 if width == 4 else 0), 1)
    return False


def _wave64(stream: BinaryIO, size: int) -> bool:
    stream.seek(40)
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(24)
        if len(chunk) < 24:
            return False
        length = int.from_bytes(chunk[16:], "little")  # with these 24 bytes
        if chunk[:16] == _W64_DATA:
            return 24 < length < 1 << 62 and stream.tell() + length - 24 > size + 7
        if not 24 <= length < 1 << 62:
            return False
        stream.seek((length + 7) // 8 * 8 - 24, 1)
    return False
