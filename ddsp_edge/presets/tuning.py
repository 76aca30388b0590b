"""A Scala tuning as a preset holds it: the texts of its files, which travel with the preset."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.presets.scala import (
    MAX_FILE_BYTES,
    KeyPitches,
    key_pitches,
    parse_kbm,
    parse_scl,
    without_comments,
)
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.system.toml_config import did_you_mean

#: Characters of one text: 1024 notes of a scale fit, and both texts fit into a preset's file.
MAX_TEXT = 24 * 1024
_KEYS = ("scale", "keyboard_map")


@dataclass(frozen=True, slots=True)
class Tuning:
    """A scale (.scl) and, where it is not "", a keyboard map (.kbm). Raises UserError where one
    of them is damaged."""

    scale: str
    keyboard_map: str = ""

    def __post_init__(self) -> None:
        for name in _KEYS:
            text = getattr(self, name)
            if len(text) > MAX_TEXT:
                raise UserError(f"{name}: has {len(text)} characters, at most {MAX_TEXT} are kept")
            if not text.replace("\n", "").replace("\t", "").isprintable():
                raise UserError(f"{name}: holds characters that cannot be printed; it is no text")
        self._read()

    def _read(self) -> tuple[str, KeyPitches]:
        return _read(self.scale, self.keyboard_map)

    @property
    def title(self) -> str:
        """The scale's own description, or how many notes it has."""
        return self._read()[0]

    @property
    def pitches(self) -> KeyPitches:
        """The MIDI note that each of the 128 keys plays; None: the key is silent."""
        return self._read()[1]

    def as_dict(self) -> dict[str, str]:
        """Its table in a preset's file."""
        return {name: text for name in _KEYS if (text := getattr(self, name))}


@functools.lru_cache(maxsize=64)
def _read(scale: str, keyboard_map: str) -> tuple[str, KeyPitches]:
    found = parse_scl(scale, "scale")
    mapped = parse_kbm(keyboard_map, "keyboard_map") if keyboard_map else None
    title = found.description or f"{len(found.cents)} notes"
    return title, key_pitches(found, mapped, "keyboard_map")


def tuning_of(table: Mapping[str, Any], where: str) -> Tuning | None:
    """The tuning of a table with ``scale`` and ``keyboard_map``; None for an empty one.

    Raises UserError, one line that begins with ``where``.
    """
    if not table:
        return None
    for key, value in table.items():
        if key not in _KEYS:
            raise UserError(f"{where}: unknown key {key[:40]!r}; {did_you_mean(key, _KEYS)}")
        if not isinstance(value, str):
            raise UserError(f"{where}: {key}: is not a text")
    if not table.get("scale"):
        raise UserError(f"{where}: scale: is missing")
    try:
        return Tuning(table["scale"], table.get("keyboard_map", ""))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def read_tuning(scale: Path | str, keyboard_map: Path | str | None = None) -> Tuning:
    """Read Scala's files, without their comments. Raises UserError, which names the file."""
    given = {"scale": scale, **({"keyboard_map": keyboard_map} if keyboard_map else {})}
    texts = {}
    for name, path in given.items():
        data = read_limited(path, MAX_FILE_BYTES)
        (parse_scl if name == "scale" else parse_kbm)(data, str(path))  # errors name the line
        texts[name] = without_comments(data)
    try:
        return Tuning(**texts)
    except UserError as error:
        name, _, problem = str(error).partition(": ")
        raise UserError(f"{given.get(name, scale)}: {problem}") from None
