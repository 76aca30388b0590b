"""How often the audio path asks for memory: every call of malloc and its kin is counted."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ddsp_edge.bench.checkout import PROGRAMS, compiled_kernel, compiler
from ddsp_edge.bench.result import Result

WRAP = "-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))
SECONDS = 10


def results() -> list[Result]:
    """Calls during seconds of a rig with an ear and four voices; nothing without a compiler."""
    if compiler() is None:
        return []
    with tempfile.TemporaryDirectory() as name:
        source = PROGRAMS / "hot_path.c"
        program = compiled_kernel(Path(name) / "hot_path", WRAP, sources=(source,))
        return [Result(f"allocations in {SECONDS} s of the audio path", float(count(program)), "")]


def count(program: Path) -> int:
    """What hot_path.c printed."""
    told = subprocess.run([str(program), str(SECONDS)], capture_output=True, text=True, check=True)
    return int(told.stdout)
