"""The learned mappings that hold for the whole device: a file in the state folder.

They are not in config.toml: a person writes that one, comments and all, and it may be read-only.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tomli_w

from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.system.atomic_files import save_file
from ddsp_edge.system.toml_config import Range, from_dict, read_toml

FILE = "learned.toml"
EARLIER_FILE = "learnt.toml"  #: its name until version 0.1; taken over where it is there
MOST = 128


@dataclass(frozen=True, slots=True)
class _LearnedFile:
    mappings: Annotated[tuple[ControlMapping, ...], Range(0, MOST)] = ()


class LearnedMappings:
    """Reads and writes the file, each time anew: a person may edit it too.

    The worker's thread's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        earlier = folder / EARLIER_FILE
        if earlier.exists() and not self.path.exists():
            with contextlib.suppress(OSError):  # a read-only disk: they are not used then
                os.replace(earlier, self.path)

    def read(self) -> tuple[ControlMapping, ...]:
        """Return the mappings, none where there is no file.

        Raises UserError where it is damaged.
        """
        if not self.path.exists():
            return ()
        return from_dict(_LearnedFile, read_toml(self.path), str(self.path)).mappings

    def add(self, mapping: ControlMapping) -> None:
        """Store a mapping in place of all of its control's. Raises UserError."""
        kept = [each for each in self.read() if each.source != mapping.source]
        self._write([*kept, mapping])

    def remove(self, unwanted: Callable[[ControlMapping], bool]) -> int:
        """Remove mappings and return how many there were. Raises UserError."""
        rows = self.read()
        kept = [each for each in rows if not unwanted(each)]
        if len(kept) < len(rows):
            self._write(kept)
        return len(rows) - len(kept)

    def _write(self, rows: list[ControlMapping]) -> None:
        tables = {"mappings": [row.as_dict() for row in rows]}
        # What could not be read again must not be written.
        from_dict(_LearnedFile, tables, str(self.path))
        save_file(self.path, tomli_w.dumps(tables).encode())
