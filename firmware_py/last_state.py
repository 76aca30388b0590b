"""What played last: a small file that survives kill -9 and a power cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import tomli_w

from ddsp_edge.system.atomic_files import save_file
from ddsp_edge.system.toml_config import from_dict, read_toml

FILE = "last.toml"


@dataclass(frozen=True, slots=True)
class LastPlayed:
    """What is restored at the next start. "" stands for what the preset says."""

    preset: str = ""  #: its name; "" where no preset played
    model: str = ""  #: name or path
    source: Literal["", "auto", "effect", "synth"] = ""
    morph_model: str = ""  #: name or path
    no_morph: bool = False  #: no second model, though the preset has one


class LastState:
    """The file ``last.toml`` in the state folder. For the worker's thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._written: LastPlayed | None = None

    def read(self) -> LastPlayed:
        """What played last; an empty one where there is no file. Raises UserError where the file
        is damaged."""
        if not self.path.exists():
            return LastPlayed()
        self._written = from_dict(LastPlayed, read_toml(self.path), str(self.path))
        return self._written

    def write(self, played: LastPlayed) -> None:
        """Write where it has changed: flash cards wear out. Raises UserError."""
        if played == self._written:
            return
        save_file(self.path, tomli_w.dumps(asdict(played)).encode())
        self._written = played
