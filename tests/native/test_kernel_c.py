"""Compiles test_kernel.c with the kernel's sources and runs it: allocations, sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*sorted((ROOT / "native/src").glob("*.c")), Path(__file__).with_name("test_kernel.c")]
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wno-unknown-pragmas"]
WRAP = "-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))
COMPILER = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
ARM64_COMPILER = shutil.which("aarch64-linux-gnu-gcc")
ARM64_EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")


def build(
    folder: Path, *flags: str, sources: list[Path] = SOURCES, compiler: str | None = COMPILER
) -> Path:
    """The program, or a skip where there is no compiler (or no sanitizer library)."""
    if compiler is None:
        pytest.skip("no C compiler")
    program = folder / "test_kernel"
    include = [f"-I{ROOT / 'native/include'}", f"-I{ROOT / 'native/src'}"]
    command = [compiler, *WARNINGS, *include, *flags, *map(str, sources), WRAP, "-lm"]
    made = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    if "cannot find" in made.stderr and "san" in made.stderr:
        pytest.skip("the compiler has no sanitizer library")
    assert made.returncode == 0, made.stderr
    return program


def run(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program)], capture_output=True, text=True)


@pytest.mark.parametrize("portable", [[], ["-DDDSP_PORTABLE"]], ids=["native", "portable"])
def test_sanitizers_find_nothing(tmp_path: Path, portable: list[str]) -> None:
    checks = "-fsanitize=address,undefined"
    program = build(tmp_path, "-O1", "-g", checks, "-fno-sanitize-recover=all", *portable)
    result = run(program)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "0 failures\n"


@pytest.mark.parametrize("portable", [[], ["-DDDSP_PORTABLE"]], ids=["native", "portable"])
def test_no_allocation_after_prepare(tmp_path: Path, portable: list[str]) -> None:
    """As shipped (-O3, fused multiply-add), every block size and hostile frames too."""
    result = run(build(tmp_path, "-O3", "-ffp-contract=fast", *portable))
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_allocation_would_be_seen(tmp_path: Path) -> None:
    """The proof can fail: a render that allocates is caught."""
    voice = (ROOT / "native/src/voice.c").read_text()
    head, body = voice.split("void ddsp_voice_render(", 1)
    body = body.replace("{\n", "{\n    free(malloc((size_t)n + 1));\n", 1)
    leaky = tmp_path / "voice.c"
    leaky.write_text(f"{head}void ddsp_voice_render({body}")
    sources = [leaky if path.name == "voice.c" else path for path in SOURCES]
    result = run(build(tmp_path, "-O0", sources=sources))
    assert result.returncode == 1
    assert "the voice allocates nothing after prepare" in result.stdout


def test_on_arm64(tmp_path: Path) -> None:
    """The board's instructions (NEON, fused multiply-add) and its unsigned char, emulated."""
    if ARM64_COMPILER is None or ARM64_EMULATOR is None:
        pytest.skip("no arm64 tools: apt-get install gcc-aarch64-linux-gnu qemu-user")
    flags = ["-O3", "-ffp-contract=fast", "-static"]
    program = build(tmp_path, *flags, compiler=ARM64_COMPILER)
    result = subprocess.run([ARM64_EMULATOR, str(program)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "0 failures\n"
