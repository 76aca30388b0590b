"""The folder of presets: their files, their order and the set lists."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tomli_w

from ddsp_edge.errors import UserError
from ddsp_edge.presets.preset import (
    RESERVED,
    SUFFIX,
    Preset,
    clean_name,
    parse_preset,
    preset_bytes,
)
from ddsp_edge.system.atomic_files import read_limited, save_file, sync_folder
from ddsp_edge.system.toml_config import (
    MAX_BYTES,
    MAX_ITEMS,
    Range,
    did_you_mean,
    from_dict,
    read_toml,
)

ORDER_FILE = f"{RESERVED[0]}{SUFFIX}"
MAX_PRESETS = MAX_ITEMS

_LOG = logging.getLogger(__name__)
_Names = Annotated[tuple[str, ...], Range(0, MAX_PRESETS)]


@dataclass(frozen=True, slots=True)
class Order:
    """The order file. Names that no preset has (any more) are passed over."""

    order: _Names = ()  #: these first, the others follow by name
    setlists: dict[str, _Names] = field(default_factory=dict)  #: for an evening each
    current: str = ""  #: the set list that next and previous go through; "": order

    def __post_init__(self) -> None:
        if self.current and self.current not in self.setlists:
            raise UserError(
                f"current: no set list is called {self.current!r}; "
                f"{did_you_mean(self.current, self.setlists)}"
            )


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """A file of the folder; ``preset`` is None where it cannot be played."""

    name: str
    path: Path
    preset: Preset | None
    problem: str = ""


class PresetFolder:
    """Presets by name, whatever its case. Files are read when they are asked for, so what a
    person edits is there at once. One thread at a time; it reads and writes files."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    # ---- what is there

    def names(self) -> list[str]:
        """Every preset's name in the order, the current set list aside; no file is read but
        the order's."""
        order = self.order().order
        there = self._files()
        first = [there[key][0] for key in _unique(order) if key in there]
        return first + [name for name, _ in there.values() if name not in set(first)]

    def entries(self) -> list[PresetEntry]:
        """Return an entry for every preset; a damaged one states its problem instead."""
        result = []
        for name in self.names():
            path = self._path(name)
            try:
                result.append(PresetEntry(name, path, self._read(name, path)))
            except UserError as error:
                result.append(PresetEntry(name, path, None, str(error)))
        for path in self._paths():
            name = path.name.removesuffix(SUFFIX)
            if name.casefold() not in RESERVED and not _is_clean(name):
                problem = f"{path}: cannot be played by this name; rename the file"
                result.append(PresetEntry(name, path, None, problem))
        return result

    def read(self, name: str) -> Preset:
        """Read the preset of that name. Raises UserError."""
        return self._read(*self._found(name))

    def next(self, name: str | None, step: int = 1) -> Preset | None:
        """The preset ``step`` places after ``name`` in the set list (or order), round and
        round; broken ones are passed over, None where there is none. ``name`` None or not in
        the list: the first, or from the end backwards."""
        names = self.playlist()
        keys = [each.casefold() for each in names]
        at = keys.index(name.casefold()) if name and name.casefold() in keys else None
        start = (0 if step > 0 else -1) if at is None else at + step
        for i in range(len(names)):
            candidate = names[(start + (i if step > 0 else -i)) % len(names)]
            try:
                return self.read(candidate)
            except UserError as error:
                _LOG.warning("passed over: %s", error)
        return None

    def playlist(self) -> list[str]:
        """Return the names that next and previous step through: the set list, or all in order."""
        order = self.order()
        if not order.current:
            return self.names()
        there = self._files()
        return [
            there[each.casefold()][0]
            for each in order.setlists[order.current]
            if each.casefold() in there
        ]

    # ---- what is changed

    def save(self, preset: Preset) -> Preset:
        """Write it whole, over the one of that name; returns it as it is called now.
        Raises UserError."""
        preset = replace(preset, name=clean_name(preset.name))
        there = self._files()
        existing = there.get(preset.name.casefold())
        if existing is None and len(there) >= MAX_PRESETS:
            raise UserError(f"{self.folder}: holds {MAX_PRESETS} presets already; remove some")
        if existing is not None:
            preset = replace(preset, name=existing[0])
        save_file(self._path(preset.name), preset_bytes(preset))
        return preset

    def remove(self, name: str) -> None:
        """Delete the preset's file; set lists may still name it. Raises UserError."""
        _, path = self._found(name)
        try:
            path.unlink()
            sync_folder(self.folder)
        except OSError as error:
            raise UserError(f"{path}: cannot be removed ({error.strerror})") from None

    def rename(self, name: str, to: str) -> str:
        """Rename a preset, also in the order and the set lists; returns its new name. Raises
        UserError."""
        old, path = self._found(name)
        new = clean_name(to)
        if new.casefold() != old.casefold() and new.casefold() in self._files():
            raise UserError(f"a preset is called {new!r} already; choose another name")
        try:
            os.rename(path, self._path(new))
            sync_folder(self.folder)
        except OSError as error:
            raise UserError(f"{path}: cannot be renamed ({error.strerror})") from None
        order = self.order()

        def renamed(names: Sequence[str]) -> tuple[str, ...]:
            return tuple(new if each.casefold() == old.casefold() else each for each in names)

        changed = replace(
            order,
            order=renamed(order.order),
            setlists={each: renamed(names) for each, names in order.setlists.items()},
        )
        if changed != order:
            self._write_order(changed)
        return new

    def set_order(self, names: Iterable[str]) -> None:
        """Put these presets first, in this order. Raises UserError for unknown names."""
        self._write_order(replace(self.order(), order=self._checked(names)))

    def set_setlist(self, setlist: str, names: Iterable[str]) -> None:
        """Make or change a set list; an empty one is removed. Raises UserError."""
        order, chosen = self.order(), self._checked(names)
        setlists = {**order.setlists, clean_name(setlist): chosen}
        setlists = {each: kept for each, kept in setlists.items() if kept}
        current = order.current if order.current in setlists else ""
        self._write_order(Order(order.order, setlists, current))

    def use_setlist(self, setlist: str) -> None:
        """Choose the set list that next and previous step through; "": all. Raises UserError."""
        self._write_order(replace(self.order(), current=setlist))

    def order(self) -> Order:
        """Read the order file. Without one, or with a damaged one (which is logged), no order."""
        path = self.folder / ORDER_FILE
        try:
            return from_dict(Order, read_toml(path), str(path)) if path.exists() else Order()
        except UserError as error:
            _LOG.warning("not used: %s", error)
            return Order()

    # ---- files

    def _files(self) -> dict[str, tuple[str, Path]]:
        """Return (name, path) by casefolded name, sorted; at most MAX_PRESETS."""
        found: dict[str, tuple[str, Path]] = {}
        for path in self._paths():
            name = path.name.removesuffix(SUFFIX)
            if _is_clean(name) and len(found) < MAX_PRESETS:
                found.setdefault(name.casefold(), (name, path))
        return found

    def _paths(self) -> list[Path]:
        """Return the folder's TOML files sorted by name, without hidden ones."""
        try:
            paths = [p for p in self.folder.iterdir() if p.suffix == SUFFIX and p.name[0] != "."]
        except OSError:  # no folder yet: no presets
            return []
        paths.sort(key=lambda path: (path.stem.casefold(), path.name))
        return paths[: 2 * MAX_PRESETS]

    def _found(self, name: str) -> tuple[str, Path]:
        there = self._files()
        if name.casefold() not in there:
            names = [each for each, _ in there.values()]
            raise UserError(f"no preset is called {name[:60]!r}; {did_you_mean(name, names)}")
        return there[name.casefold()]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _read(self, name: str, path: Path) -> Preset:
        return parse_preset(name, read_limited(path, MAX_BYTES), str(path))

    def _checked(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._found(name)[0] for name in names)

    def _write_order(self, order: Order) -> None:
        tables = {
            "current": order.current,
            "order": list(order.order),
            "setlists": {name: list(names) for name, names in order.setlists.items()},
        }
        data = tomli_w.dumps(tables).encode()
        from_dict(Order, tables, str(self.folder / ORDER_FILE))
        save_file(self.folder / ORDER_FILE, data)


def _is_clean(name: str) -> bool:
    try:
        return clean_name(name) == name
    except UserError:
        return False


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.casefold() for name in names))
