"""Damaged copies of a file: single bits, plausible numbers, moved and cut pieces."""

from __future__ import annotations

import random
import struct

_WORDS = (0, 1, 2, 3, 4, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One damaged copy; the same for the same state of ``rng``."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        at, kind = rng.randrange(len(out)), rng.randrange(5)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2 and len(out) >= 8:
            place = min(at & ~3, len(out) - 4)
            word = rng.choice((*_WORDS, len(out), rng.randrange(len(out))))
            struct.pack_into("<I", out, place, word)
        elif kind == 3:
            source, size = rng.randrange(len(out)), rng.randrange(1, 16)
            piece = out[source : source + size]
            out[at : at + len(piece)] = piece
        elif len(out) >= 4:
            place = min(at & ~1, len(out) - 2)
            word = rng.choice((0, 4, 6, 8, 0xFFFF, rng.randrange(64)))
            struct.pack_into("<H", out, place, word)
    if rng.random() < 0.05:
        del out[rng.randrange(1, len(out)) :]
    return bytes(out)
