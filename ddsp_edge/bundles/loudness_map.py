"""The loudness map in metadata.json: how loud a model is shown each note, and what is added.

A network answers sensibly only to loudnesses that it has learnt, and at each pitch to others. The
map says, for a row of MIDI notes and a column of asked loudnesses, what the network is shown and
by how much its answer is turned up, so that the sound is as loud as was asked and never duller for
being louder (docs/models.md). ``native/src/decoder/loudness_map.c`` evaluates it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from native.conditioner import LoudnessTables

VERSION = 1
MOST_NOTES, MOST_LEVELS = 160, 32  #: as in ddsp_decoder.h
#: The tables and the range of their values, in dB.
TABLES = {"shown_db": (-80.0, 0.0), "gain_db": (-60.0, 60.0), "noise_db": (-60.0, 0.0)}

Row = tuple[float, ...]


class LoudnessMapError(ValueError):
    """What is wrong with a map; the metadata's reader adds where it is."""


@dataclass(frozen=True, slots=True)
class LoudnessMap:
    """Rows are a semitone apart. Raises LoudnessMapError for values outside of their ranges."""

    lowest_note: float  #: MIDI note of the first row
    loudness_db: Row  #: what is asked for, rising, -80..0
    shown_db: tuple[Row, ...]  #: a row a note: what the network is shown instead
    gain_db: tuple[Row, ...]  #: of all that it answers
    noise_db: tuple[Row, ...]  #: of its noise, besides
    #: By how much the recordings' spectral centroid falls from soft to loud, as a share, 0..1.
    centroid_fall: float = 0.0

    def __post_init__(self) -> None:
        _numbers("lowest_note", [self.lowest_note], -20.0, 160.0)
        _numbers("centroid_fall", [self.centroid_fall], 0.0, 1.0)
        _numbers("loudness_db", self.loudness_db, -80.0, 0.0)
        levels, notes = len(self.loudness_db), len(self.shown_db)
        if not 2 <= levels <= MOST_LEVELS:
            raise LoudnessMapError(f"loudness_db has {levels} values, not 2 to {MOST_LEVELS}")
        if any(b <= a for a, b in zip(self.loudness_db, self.loudness_db[1:], strict=False)):
            raise LoudnessMapError("loudness_db does not rise")
        if not 1 <= notes <= MOST_NOTES:
            raise LoudnessMapError(f"shown_db has {notes} rows, not 1 to {MOST_NOTES}")
        for name, (low, high) in TABLES.items():
            table = getattr(self, name)
            if len(table) != notes or any(len(row) != levels for row in table):
                raise LoudnessMapError(f"{name} is not a table of {notes} rows of {levels}")
            for row in table:
                _numbers(name, row, low, high)

    @property
    def softest_db(self) -> float:
        """The softest loudness above silence that the map was made for."""
        return self.loudness_db[1]

    def as_json(self) -> dict[str, Any]:
        """Return the value of the key ``loudness_map``."""
        tables = {name: [list(row) for row in getattr(self, name)] for name in TABLES}
        return {
            "version": VERSION,
            "lowest_note": self.lowest_note,
            "loudness_db": list(self.loudness_db),
            **tables,
            "centroid_fall": self.centroid_fall,
        }

    def native(self) -> LoudnessTables:
        """Return what the kernel's conditioner is given."""
        tables = {name: np.array(getattr(self, name), np.float32) for name in TABLES}
        return LoudnessTables(self.lowest_note, np.array(self.loudness_db, np.float32), **tables)


def parse_loudness_map(said: Any) -> LoudnessMap | None:
    """Read the value of ``loudness_map``; None is none. Raises LoudnessMapError."""
    if said is None:
        return None
    if not isinstance(said, dict):
        raise LoudnessMapError("is not an object")
    version = said.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise LoudnessMapError(f"has a version other than {VERSION}")
    missing = [key for key in ("lowest_note", "loudness_db", *TABLES) if key not in said]
    if missing:
        raise LoudnessMapError(f"has no {missing[0]}")
    return LoudnessMap(
        lowest_note=_row("lowest_note", [said["lowest_note"]])[0],
        loudness_db=_row("loudness_db", said["loudness_db"]),
        centroid_fall=_row("centroid_fall", [said.get("centroid_fall", 0.0)])[0],
        **{name: _table(name, said[name]) for name in TABLES},
    )


def _table(name: str, said: Any) -> tuple[Row, ...]:
    if not isinstance(said, list) or len(said) > MOST_NOTES:
        raise LoudnessMapError(f"{name} is not a list of at most {MOST_NOTES} rows")
    return tuple(_row(name, row) for row in said)


def _row(name: str, said: Any) -> Row:
    if not isinstance(said, list) or len(said) > MOST_LEVELS:
        raise LoudnessMapError(f"{name} is not a list of at most {MOST_LEVELS} numbers")
    for value in said:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
            raise LoudnessMapError(f"{name} holds what is not a number in its range")
    return tuple(float(value) for value in said)


def _numbers(name: str, values: Any, low: float, high: float) -> None:
    for value in values:
        if not (math.isfinite(value) and low <= value <= high):
            raise LoudnessMapError(f"{name} holds {value:g}, outside {low:g} to {high:g}")
