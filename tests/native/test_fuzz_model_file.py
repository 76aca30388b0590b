"""Damaged model files under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from c_programs import COMPILER, KERNEL, program, why_it_cannot_build

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.model_file import write_model

#: As test_kernel_c.py has them, so that the objects are compiled once.
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wno-unknown-pragmas"]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
#: More of them: DDSP_EDGE_FUZZ=100000 (make lv2-test).
ROUNDS = os.environ.get("DDSP_EDGE_FUZZ", "3000")


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if COMPILER is None:
        pytest.skip("no C compiler")
    sources = [*KERNEL, Path(__file__).with_name("fuzz_model_file.c")]
    flags = [*WARNINGS, *SANITIZED]
    if why := why_it_cannot_build(COMPILER, *SANITIZED):
        pytest.skip(f"the compiler has no sanitizer library: {why}")
    return program(tmp_path_factory.mktemp("fuzz") / "fuzz_model_file", sources, flags)


@pytest.mark.parametrize("name", ["violin", "flute"])
def test_no_damage_is_a_danger(fuzzer: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.ddspw"
    write_model(read_bundle(shipped_folder() / f"{name}.zip"), path)
    done = subprocess.run(
        [str(fuzzer), str(path), ROUNDS, "7"], capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    accepted, refused, unplayable = map(int, re.findall(r"\d+", done.stdout))
    assert accepted > 0 and refused > accepted / 10
    assert unplayable == 0
