"""What only a source checkout can measure: the kernel compiled anew, and peers compiled at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests/bench"


def compiler(language: str = "c") -> str | None:
    """The C or C++ compiler, where there are sources for it."""
    if not PROGRAMS.is_dir() or not (ROOT / "native/src").is_dir():
        return None
    name = ("cc", "CC") if language == "c" else ("c++", "CXX")
    return shutil.which(os.environ.get(name[1], name[0]))


def compiled_kernel(out: Path, *flags: str, sources: tuple[Path, ...] = ()) -> Path:
    """The whole kernel as it ships, into a program or (with ``-shared``) a library at ``out``.

    Raises RuntimeError with the compiler's output.
    """
    from native.build_kernel import COMPILE_ARGS  # a build needs cffi's parser; nothing else does

    command = [
        compiler() or "cc",
        *(flag for flag in COMPILE_ARGS if flag != "-fvisibility=hidden"),
        f"-I{ROOT / 'native/include'}",
        f"-I{ROOT / 'native/src'}",
        *flags,
        *map(str, sources),
        *map(str, sorted((ROOT / "native/src").rglob("*.c"))),
        *("-o", str(out), "-lm", "-pthread"),
    ]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"{command[0]}: {made.stderr.strip()}")
    return out
