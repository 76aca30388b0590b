"""How often the audio path allocates: calls of malloc, calloc, realloc and free are counted."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ddsp_edge.bench.checkout import PROGRAMS, compiled_kernel, compiler
from ddsp_edge.bench.result import Result

WRAP = "-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))
SECONDS = 10


def results() -> list[Result]:
    """Calls during SECONDS of a rig with an analyser and four voices; [] without a compiler."""
    if compiler() is None:
        return []
    with tempfile.TemporaryDirectory() as name:
        source = PROGRAMS / "hot_path.c"
        program = compiled_kernel(Path(name) / "hot_path", WRAP, sources=(source,))
        return [Result(f"allocations in {SECONDS} s of the audio path", float(count(program)), "")]


def count(program: Path) -> int:
    """Run the compiled hot_path.c and return the number of calls that it counted."""
    completed = subprocess.run(
        [str(program), str(SECONDS)], capture_output=True, text=True, check=True
    )
    return int(completed.stdout)
