"""What controls have learnt to do for the whole device: a file in the state folder.

Not in config.toml: that is a person's, comments and all, and may be read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tomli_w

from ddsp_edge.presets.mapping import Mapping
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.system.toml_config import Range, from_dict, read_toml

FILE = "learnt.toml"
MOST = 128


@dataclass(frozen=True, slots=True)
class _File:
    mappings: Annotated[tuple[Mapping, ...], Range(0, MOST)] = ()


class LearntMappings:
    """In the worker's thread; a person may write the file too."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> tuple[Mapping, ...]:
        """Raises UserError where the file is broken."""
        if not self.path.exists():
            return ()
        return from_dict(_File, read_toml(self.path), str(self.path)).mappings

    def add(self, mapping: Mapping) -> None:
        """In place of all that its control did here. Raises UserError."""
        kept = [each for each in self.read() if each.source != mapping.source]
        self._write([*kept, mapping])

    def remove(self, unwanted: Callable[[Mapping], bool]) -> int:
        """How many those were. Raises UserError."""
        rows = self.read()
        kept = [each for each in rows if not unwanted(each)]
        if len(kept) < len(rows):
            self._write(kept)
        return len(rows) - len(kept)

    def _write(self, rows: list[Mapping]) -> None:
        tables = {"mappings": [row.as_dict() for row in rows]}
        # What could not be read again must not be written.
        from_dict(_File, tables, str(self.path))
        write_atomically(self.path, tomli_w.dumps(tables).encode())
