"""The program map: which preset or model a MIDI program change plays."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tomli_w

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import save_file
from ddsp_edge.system.toml_config import MAX_ITEMS, Range, from_dict, read_toml

FILE = "programs.toml"
BANKS, PROGRAMS = 128 * 128, 128


@dataclass(frozen=True, slots=True)
class Program:
    """One entry of the map: a preset or a model for a bank and program. Raises UserError."""

    bank: Annotated[int, Range(0, BANKS - 1)]
    program: Annotated[int, Range(0, PROGRAMS - 1)]
    preset: str = ""
    model: str = ""

    def __post_init__(self) -> None:
        if bool(self.preset) == bool(self.model):
            raise UserError(
                f"program {self.program} of bank {self.bank}: give it a preset or a model"
            )

    @property
    def number(self) -> int:
        """Bank and program as one number, which sorts and identifies entries."""
        return self.bank * PROGRAMS + self.program


@dataclass(frozen=True, slots=True)
class _File:
    programs: tuple[Program, ...] = ()


class ProgramMap:
    """The map's file in the state folder. For the worker's thread; a person may edit it too."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def chosen(self) -> dict[int, Program]:
        """The entries by their number. Raises UserError where the file is damaged."""
        if not self.path.exists():
            return {}
        rows = from_dict(_File, read_toml(self.path), str(self.path)).programs
        return {row.number: row for row in rows}

    def choose(self, row: Program) -> None:
        """Add or replace an entry. Raises UserError."""
        rows = self.chosen()
        if row.number not in rows and len(rows) >= MAX_ITEMS:
            raise UserError(f"{self.path}: holds {MAX_ITEMS} programs already; remove some")
        self._write({**rows, row.number: row})

    def forget(self, bank: int, program: int) -> None:
        """Remove an entry. Raises UserError."""
        rows = self.chosen()
        if rows.pop(bank * PROGRAMS + program, None) is not None:
            self._write(rows)

    def _write(self, rows: dict[int, Program]) -> None:
        tables = [
            {key: value for key, value in asdict(rows[number]).items() if value != ""}
            for number in sorted(rows)
        ]
        save_file(self.path, tomli_w.dumps({"programs": tables}).encode())


def check_program(bank: int, program: int) -> int:
    """Check bank and program; returns their common number. Raises UserError."""
    if not (0 <= bank < BANKS and 0 <= program < PROGRAMS):
        raise UserError(
            f"bank {bank}, program {program}: choose 0 to {BANKS - 1} and 0 to {PROGRAMS - 1}"
        )
    return bank * PROGRAMS + program
