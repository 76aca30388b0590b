"""The audio thread's work under clang's RealtimeSanitizer (clang 20 or newer): no call in it may
block or allocate. ``apt-get install clang-22 libclang-rt-22-dev`` on Debian 13 is enough."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import c_programs
import pytest
from c_programs import KERNEL

SOURCE = Path(__file__).with_name("test_realtime.c")
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra"]
WATCHED = ["-DDDSP_RTSAN", "-fsanitize=realtime"]


def clang() -> str:
    """A clang that has the sanitizer and its library; skips where there is none."""
    reasons = []
    for name in ["clang", *(f"clang-{version}" for version in range(30, 19, -1))]:
        path = shutil.which(name)
        if path is None:
            continue
        why = c_programs.why_it_cannot_build(path, "-fsanitize=realtime")
        if not why:
            return path
        reasons.append(f"{name}: {why}")
    pytest.skip("; ".join(reasons) or "no clang: apt-get install clang-22 libclang-rt-22-dev")


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=300)


def test_the_program_plays(tmp_path: Path) -> None:
    """Without the sanitizer, so with any compiler: what is watched below is played at all."""
    if c_programs.COMPILER is None:
        pytest.skip("no C compiler")
    program = c_programs.program(tmp_path / "realtime", [*KERNEL, SOURCE], FLAGS)
    done = run(program)
    assert (done.returncode, done.stdout) == (0, "good\n"), done.stderr


@pytest.mark.parametrize("portable", [[], ["-DDDSP_PORTABLE"]], ids=["native", "portable"])
def test_nothing_blocks_or_allocates(tmp_path: Path, portable: list[str]) -> None:
    flags = [*FLAGS, *WATCHED, *portable]
    program = c_programs.program(tmp_path / "rt", [*KERNEL, SOURCE], flags, compiler=clang())
    done = run(program)
    assert (done.returncode, done.stdout) == (0, "good\n"), done.stderr
    done = run(program, "broken")
    assert done.returncode != 0
    assert "Intercepted call to real-time unsafe function `malloc`" in done.stderr
