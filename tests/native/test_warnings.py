"""No C file gives a warning, at the flags that users build with and Python's own.

The builds themselves do not stop at a warning: the next compiler finds something new, and what
users build must still compile. `make trixie-test` runs this with the GCC 14 of Debian 13 too.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from native.build_kernel import ffibuilder as kernel
from native.build_stream import ffibuilder as stream
from native.build_training import ffibuilder as training

ROOT = Path(__file__).resolve().parents[2]
COMPILER = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
STRICT = ["-O3", "-Wall", "-Wextra", "-Werror"]
BUILDS = {"kernel": kernel, "stream": stream, "training": training}


def settings(build: str) -> dict[str, list[str]]:
    """What a build file gives to cffi: sources, include_dirs, extra_compile_args, …"""
    return BUILDS[build]._assigned_source[3]


def compile_strictly(build: str, source: Path) -> str:
    """What the compiler says of ``source``: "" where it finds nothing."""
    given = settings(build)
    command = [
        str(COMPILER),
        # -fwrapv and the like change what GCC can prove, and so what it warns of.
        *shlex.split(sysconfig.get_config_var("CFLAGS") or ""),
        *given["extra_compile_args"],
        *STRICT,
        *(f"-I{ROOT / folder}" for folder in given["include_dirs"]),
        *("-c", str(source), "-o", os.devnull),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode == 0) == ("error" not in done.stderr), done.stderr
    return done.stderr


def needs(build: str) -> None:
    if COMPILER is None:
        pytest.skip("no C compiler")
    if build == "stream" and not Path("/usr/include/alsa/asoundlib.h").exists():
        pytest.skip("no ALSA headers (Debian: libasound2-dev)")


@pytest.mark.parametrize(
    ("build", "source"), [(build, name) for build in BUILDS for name in settings(build)["sources"]]
)
def test_no_warning(build: str, source: str) -> None:
    needs(build)
    assert compile_strictly(build, ROOT / source) == ""


def test_a_warning_would_be_seen(tmp_path: Path) -> None:
    needs("kernel")
    source = tmp_path / "careless.c"
    source.write_text("int careless(void) { int x; return x; }\n")
    assert "uninitialized" in compile_strictly("kernel", source)


@pytest.mark.parametrize("build", BUILDS)
def test_users_build_with_warnings_but_never_stop_at_one(build: str) -> None:
    flags = settings(build)["extra_compile_args"]
    assert "-Wall" in flags and not [flag for flag in flags if flag.startswith("-Werror")]
