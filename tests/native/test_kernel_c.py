"""Compiles test_kernel.c and test_threads.c with the kernel's sources and runs them:
allocations, sanitizers, races."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import c_programs
import pytest
from c_programs import COMPILER, KERNEL, ROOT

SOURCES = [*KERNEL, Path(__file__).with_name("test_kernel.c")]
THREADS = [*KERNEL, Path(__file__).with_name("test_threads.c")]
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wno-unknown-pragmas"]
WRAP = "-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))
PATHS: dict[str, list[str]] = {
    "native": [],
    "portable": ["-DDDSP_PORTABLE"],
    "scalar": ["-DDDSP_PORTABLE", "-DDDSP_SCALAR"],
}
ARM64_COMPILER = shutil.which("aarch64-linux-gnu-gcc")
ARM64_EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
ARM64_PACKAGES = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
EACH_PATH = pytest.mark.parametrize("portable", PATHS.values(), ids=PATHS)
SHIPPED = ["-O3", "-ffp-contract=fast"]


def sanitized(checks: str) -> list[str]:
    """Flags for a build that these sanitizers watch and end; skips where there is no library."""
    flags = ["-O1", "-g", f"-fsanitize={checks}", "-fno-sanitize-recover=all"]
    if COMPILER is not None and (why := c_programs.why_it_cannot_build(COMPILER, *flags)):
        pytest.skip(f"the compiler has no sanitizer library: {why}")
    return flags


def build(
    folder: Path,
    *flags: str,
    sources: list[Path] = SOURCES,
    wrap: str = WRAP,
    compiler: str | None = COMPILER,
) -> Path:
    """The program, or a skip where there is no compiler."""
    if compiler is None:
        pytest.skip("no C compiler")
    program = folder / "test_kernel"
    return c_programs.program(program, sources, [*WARNINGS, *flags], [wrap], compiler)


def run(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program)], capture_output=True, text=True)


@EACH_PATH
def test_sanitizers_find_nothing(tmp_path: Path, portable: list[str]) -> None:
    program = build(tmp_path, *sanitized("address,undefined"), *portable)
    result = run(program)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "0 failures\n"


@EACH_PATH
def test_no_allocation_after_prepare(tmp_path: Path, portable: list[str]) -> None:
    """As shipped (-O3, fused multiply-add), every block size and hostile frames too."""
    result = run(build(tmp_path, *SHIPPED, *portable))
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_allocation_would_be_seen(tmp_path: Path) -> None:
    """The proof can fail: a render that allocates is caught."""
    voice = (ROOT / "native/src/synthesis/voice.c").read_text()
    head, body = voice.split("void ddsp_voice_render(", 1)
    # Volatile, or the compiler does without.
    leak = "    void *volatile leak = malloc((size_t)n + 1);\n    free(leak);\n"
    body = body.replace("{\n", "{\n" + leak, 1)
    leaky = tmp_path / "voice.c"
    leaky.write_text(f"{head}void ddsp_voice_render({body}")
    sources = [leaky if path.name == "voice.c" else path for path in SOURCES]
    result = run(build(tmp_path, *SHIPPED, sources=sources))
    assert result.returncode == 1
    assert "the voice allocates nothing after prepare" in result.stdout


@pytest.mark.parametrize("checks", ["thread", "address,undefined"])
def test_the_threads_meet_without_a_race(tmp_path: Path, checks: str) -> None:
    flags = sanitized(checks)
    program = build(tmp_path, *flags, sources=THREADS, wrap="-Wl,--as-needed")
    result = run(program)
    if "unexpected memory mapping" in result.stderr:  # more address randomness than TSan knows
        result = subprocess.run(["setarch", "-R", str(program)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "0 failures\n"


def test_a_race_would_be_seen(tmp_path: Path) -> None:
    """The proof can fail: a ring that publishes a slot before its contents are there."""
    source = (ROOT / "native/src/rig/ring.c").read_text()
    assert "memory_order_release" in source
    racy = tmp_path / "ring.c"
    racy.write_text(source.replace("memory_order_release", "memory_order_relaxed"))
    sources = [racy if path.name == "ring.c" else path for path in THREADS]
    flags = sanitized("thread")
    program = build(tmp_path, *flags, sources=sources, wrap="-Wl,--as-needed")
    result = subprocess.run(
        ["setarch", "-R", str(program)],
        capture_output=True,
        text=True,
        env=os.environ | {"TSAN_OPTIONS": "halt_on_error=1"},
    )
    assert result.returncode != 0 and "data race" in result.stderr


def test_on_arm64(tmp_path: Path) -> None:
    """The board's instructions (NEON, fused multiply-add) and its unsigned char, emulated."""
    if ARM64_COMPILER is None or ARM64_EMULATOR is None:
        pytest.skip(f"no arm64 tools: apt-get install {ARM64_PACKAGES}")
    if why := c_programs.why_it_cannot_build(ARM64_COMPILER, "-static"):
        pytest.skip(f"the arm64 compiler builds nothing ({why}): apt-get install {ARM64_PACKAGES}")
    program = build(tmp_path, *SHIPPED, "-static", compiler=ARM64_COMPILER)
    result = subprocess.run([ARM64_EMULATOR, str(program)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "0 failures\n"
