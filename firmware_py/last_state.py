"""What played last: a small file that survives kill -9 and a power cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import tomli_w

from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.system.toml_config import from_dict, read_toml

FILE = "last.toml"


@dataclass(frozen=True, slots=True)
class Played:
    """What comes back at power-on."""

    preset: str = ""  #: "" where none was chosen
    model: str = ""  #: name or path; "": the preset's
    source: Literal["", "effect", "synth"] = ""  #: "": the preset's
    morph_model: str = ""  #: name or path; "": the preset's
    no_morph: bool = False  #: none, though the preset has one


class Memory:
    """In the worker's thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._kept: Played | None = None

    def recall(self) -> Played:
        """Without a file nothing was played. Raises UserError where it is no more what it was."""
        if not self.path.exists():
            return Played()
        self._kept = from_dict(Played, read_toml(self.path), str(self.path))
        return self._kept

    def keep(self, played: Played) -> None:
        """Written at once where it is new: flash cards wear out. Raises UserError."""
        if played == self._kept:
            return
        write_atomically(self.path, tomli_w.dumps(asdict(played)).encode())
        self._kept = played
