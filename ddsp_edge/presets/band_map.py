"""The mapping file of a band: which model a MIDI program or channel gets, and its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from ddsp_edge.errors import UserError
from ddsp_edge.presets.parts import MOST_PARTS, BandPart
from ddsp_edge.system.toml_config import Range, from_dict, read_toml

PROGRAMS = 128


@dataclass(frozen=True, slots=True)
class BandMap:
    """The file; every table may be left out. Raises UserError."""

    #: General MIDI program, from 0, to a model or "none".
    programs: dict[str, str] = field(default_factory=dict)
    parts: Annotated[tuple[BandPart, ...], Range(0, MOST_PARTS, "parts")] = ()

    def __post_init__(self) -> None:
        for program in self.programs:
            if not (program.isascii() and program.isdecimal() and int(program[:9]) < PROGRAMS):
                raise UserError(f"programs: {program[:40]!r} is no program; they are 0 to 127")
        for part in self.parts:
            if not part.channel:
                raise UserError("parts: each needs its channel, 1 to 16")

    def model_of(self, program: int) -> str:
        """What the file says of a program; "": nothing."""
        return next((model for text, model in self.programs.items() if int(text) == program), "")


def read_band_map(path: Path | str) -> BandMap:
    """Read a mapping file (TOML, docs/band.md has an example). Raises UserError, one line."""
    return from_dict(BandMap, read_toml(path), str(path))
