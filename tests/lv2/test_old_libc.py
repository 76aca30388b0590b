"""The plug-in's binary asks for no function that is newer than the boxes' C libraries.

MOD's Duo and Duo X have glibc 2.21, the Dwarf 2.27; Raspberry Pi OS has had 2.31 and later.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from c_programs import COMPILER, NATIVE, why_it_cannot_build
from lv2_host import built_plugin

NEWEST = (2, 21)
CROSS = {"arm64": "aarch64-linux-gnu-gcc", "armhf": "arm-linux-gnueabihf-gcc"}


def newer(library: Path) -> set[str]:
    """The versions of glibc's functions that ``library`` asks for and that are newer."""
    if shutil.which("readelf") is None:
        pytest.skip("no readelf: apt-get install binutils")
    command = ["readelf", "-W", "--version-info", str(library)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {tuple(map(int, each.split("."))) for each in re.findall(r"GLIBC_([0-9.]+)", told)}
    assert found, "it asks for no version at all"
    return {".".join(map(str, each)) for each in found if each > NEWEST}


def test_the_binary_loads_with_an_old_c_library() -> None:
    assert newer(built_plugin() / "ddsp-edge.lv2" / "ddsp-edge.so") == set()


@pytest.mark.parametrize("arch", CROSS)
def test_the_boards_binary_too(tmp_path: Path, arch: str) -> None:
    compiler = shutil.which(CROSS[arch])
    if compiler is None or why_it_cannot_build(compiler):
        pytest.skip(f"no {CROSS[arch]} with its C library: make lv2")
    command = ["sh", str(NATIVE / "lv2" / "build.sh"), arch, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert newer(tmp_path / "ddsp-edge.lv2" / "ddsp-edge.so") == set()


def test_a_new_function_would_be_seen(tmp_path: Path) -> None:
    if COMPILER is None:
        pytest.skip("no C compiler")
    source = tmp_path / "new.c"
    source.write_text("#include <math.h>\ndouble f(double x) { return exp(x) + pow(x, x); }\n")
    library = tmp_path / "new.so"
    command = [COMPILER, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    subprocess.run(command, check=True)
    assert "2.29" in newer(library)
