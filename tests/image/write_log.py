"""The record of every write and flush to a card, as device-mapper's log-writes makes it, and what a
power cut may leave of it.

What was written before the last flush is there. Of what came after it, each write may have reached
the card, or not, or its first pages only: a card has a cache, and no order. What is smaller than a
page of flash is taken as whole: ext4's superblock has no copy that knows of the journal.
"""

from __future__ import annotations

import os
import random
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR, PAGE = 512, 4096
MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to the card; its ``size`` bytes lie at ``at`` of the log."""

    sector: int
    flags: int
    at: int
    size: int


class WriteLog:
    """All requests in the order in which the card has finished them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        magic, version, count, sector = struct.unpack_from("<QQQI", os.pread(self._file, 28, 0))
        if (magic, version, sector) != (MAGIC, VERSION, SECTOR):
            raise RuntimeError(f"{path}: is no log of writes")
        self.entries: list[Entry] = []
        at = SECTOR
        for _ in range(count):
            start, sectors, flags, extra = struct.unpack("<QQQQ", os.pread(self._file, 32, at))
            at += SECTOR
            size = extra if flags & MARK else 0 if flags & DISCARD else sectors * SECTOR
            self.entries.append(Entry(start, flags, at, 0 if flags & MARK else size))
            at += -(-size // SECTOR) * SECTOR

    def data(self, entry: Entry) -> bytes:
        """What was written."""
        return os.pread(self._file, entry.size, entry.at)

    def apply(self, entry: Entry, card: int, size: int | None = None) -> None:
        """Write an entry, or its first ``size`` bytes, onto an open card."""
        data = self.data(entry)[:size]
        if data:
            os.pwrite(card, data, entry.sector * SECTOR)

    def last_flush(self, cut: int) -> int:
        """How many entries are surely on the card when the power goes before entry ``cut``."""
        for index in range(cut - 1, -1, -1):
            if self.entries[index].flags & FLUSH:
                return index
        return 0

    def lose(self, card: int, start: int, cut: int, chance: random.Random) -> None:
        """Onto a card with the first ``start`` entries: what a cut before entry ``cut`` leaves."""
        for entry in self.entries[start:cut]:
            if entry.flags & FUA:
                self.apply(entry, card)
                continue
            match chance.randrange(3):
                case 0:
                    self.apply(entry, card)
                case 1 if entry.size:
                    self.apply(entry, card, PAGE * chance.randrange(-(-entry.size // PAGE)))
