"""The kernel compiled for each path, once a session."""

from __future__ import annotations

from pathlib import Path

import shared_folder

from ddsp_edge.bench.checkout import compiler
from ddsp_edge.bench.paths import flags, libraries


def made() -> dict[str, Path]:
    """The library of each path by its name, the widest first; empty without a C compiler."""
    if compiler() is None:
        return {}

    def make(folder: Path) -> None:
        folder.mkdir()
        libraries(folder)

    folder = shared_folder.made_once("paths", make)
    return {name: folder / f"{name}.so" for name in flags()}
