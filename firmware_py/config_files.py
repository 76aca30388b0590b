"""Which files the box's configuration is read from, and how one lies over the other.

The network service reads its table alone: with the types of all the others a program loads NumPy,
the kernel and the model formats, 15 MB and half a second of a board's start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import from_dict, read_toml

FILE = Path("/etc/ddsp-edge/config.toml")
#: Beside the config and read before it: what the installer knows of the board, its audio HAT and
#: what the box is used as (deploy/boards, deploy/hats, deploy/uses), and whether phones reach the
#: panel (deploy/files/panel.toml). The config takes precedence.
PROFILES = ("board.toml", "hat.toml", "use.toml", "panel.toml")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The table [network]: the box's own hotspot (docs/network.md), a process of its own."""

    hotspot: Literal["auto", "off"] = "auto"  #: "auto": where nothing else connects the box
    password: str = ""  #: of the hotspot; "": a random one, which stays the same

    def __post_init__(self) -> None:
        shown = all(" " <= letter <= "~" for letter in self.password)
        if self.password and not (8 <= len(self.password) <= 63 and shown):
            raise UserError("password: a Wi-Fi password has 8 to 63 letters, digits and signs")


@dataclasses.dataclass(frozen=True, slots=True)
class NetworkTables:
    """Of the configuration, what the network service goes by."""

    network: NetworkConfig = dataclasses.field(default_factory=NetworkConfig)


def read_whole(kind: type[T], path: Path | str | None = None) -> T:
    """Read the config at ``path`` as the dataclass ``kind``, whose fields are all of its tables;
    None: FILE, or the defaults where that file does not exist.

    The profiles beside it come first. Raises UserError: one line with file, key and remedy.
    """
    return _read(kind, path, None)


def read_part(kind: type[T], path: Path | str | None = None) -> T:
    """As :func:`read_whole`, of the tables alone that ``kind`` has: others are not looked at."""
    assert dataclasses.is_dataclass(kind)
    return _read(kind, path, {field.name for field in dataclasses.fields(kind)})


def _read(kind: type[T], path: Path | str | None, names: set[str] | None) -> T:
    path = Path(path) if path is not None else FILE if FILE.exists() else None
    if path is None:
        return kind()
    tables: dict[str, Any] = {}
    for each in (*(path.with_name(name) for name in PROFILES), path):
        if each == path or each.exists():
            data = read_toml(each)
            if names is not None:
                data = {name: data[name] for name in names & data.keys()}
            from_dict(kind, data, str(each))  # alone first: the error names this file
            tables = _over(tables, data)
    return from_dict(kind, tables, str(path))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two tables; values of ``above`` take precedence, key by key."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _over(old, value)
        merged[key] = value
    return merged
