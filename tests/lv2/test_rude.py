"""Everything that a rude host does, under sanitizers, with allocations counted, under valgrind.

tests/lv2/rude.c says what that is. With DDSP_EDGE_LONG=1 also under valgrind and ThreadSanitizer;
`make lv2-test` plays longest (DDSP_EDGE_ROUNDS).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from extent import extent
from lv2_host import HERE, SHIPPED_FLAGS, lv2_program, models_folder

ROUNDS = int(os.environ.get("DDSP_EDGE_ROUNDS", extent(20, 40)))
WRAPPED = ("malloc", "calloc", "realloc", "free", "pthread_mutex_lock", "fopen")
BASE = ["-std=c11", "-D_GNU_SOURCE"]
SANITIZED = [*BASE, "-O1", "-g", "-fno-sanitize-recover=all"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_folder(tmp_path_factory.mktemp("lv2-models"))


def behave(program: Path, folder: Path, rounds: int = ROUNDS, before: Sequence[str] = ()) -> str:
    """Run the rude host; what it said, which must be nothing."""
    command = [*before, str(program), str(folder), str(folder / "models/flute.ddspw"), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    said = done.stdout + "\n".join(
        line for line in done.stderr.splitlines() if not line.startswith("ddsp-edge: ")
    )
    assert done.returncode == 0, said
    assert done.stdout == "0 failures\n", said
    return done.stderr


def test_under_address_and_undefined_sanitizers(tmp_path: Path, folder: Path) -> None:
    flags = [*SANITIZED, "-fsanitize=address,undefined"]
    behave(lv2_program(tmp_path / "rude", "rude.c", flags), folder)


def counting(out: Path, main: str = "rude.c") -> Path:
    wrap = "-Wl," + ",".join(f"--wrap={name}" for name in WRAPPED)
    return lv2_program(out, main, [*SHIPPED_FLAGS, "-DCOUNT", wrap])


def test_run_allocates_nothing_and_takes_no_lock(tmp_path: Path, folder: Path) -> None:
    behave(counting(tmp_path / "rude"), folder)


def test_a_lock_in_run_would_be_seen(tmp_path: Path, folder: Path) -> None:
    """The proof can fail: a host that asks for state inside run() makes it take the lock."""
    rude = (HERE / "rude.c").read_text()
    asks = "    host_running = 1;\n    host_save(h, &saved, 0);\n    host_running = 0;\n"
    changed = rude.replace(
        "    host_set_path(h, 0, MODEL, other);\n    for (int i = 0; i < 5; i++)\n",
        f"    static host_state saved;\n{asks}"
        "    host_set_path(h, 0, MODEL, other);\n    for (int i = 0; i < 5; i++)\n",
    )
    assert changed != rude
    (tmp_path / "locks.c").write_text(changed)
    program = counting(tmp_path / "rude", str(tmp_path / "locks.c"))
    command = [str(program), str(folder), str(folder / "models/flute.ddspw"), "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "it allocates nothing and takes no lock" in done.stdout


def test_sixty_four_instances(tmp_path: Path, folder: Path) -> None:
    """Under sanitizers, so that one instance that writes into another is seen."""
    flags = [*SANITIZED, "-fsanitize=address,undefined"]
    program = lv2_program(tmp_path / "many", "many.c", flags)
    behave(program, folder, 10 * ROUNDS)


def test_under_the_thread_sanitizer(tmp_path: Path, folder: Path) -> None:
    flags = [*SANITIZED, "-fsanitize=thread"]
    behave(lv2_program(tmp_path / "rude", "rude.c", flags), folder, 20, ["setarch", "-R"])


def test_under_valgrind(tmp_path: Path, folder: Path) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("no valgrind: apt-get install valgrind")
    program = lv2_program(tmp_path / "rude", "rude.c", [*BASE, "-O1", "-g"])
    checks = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full"]
    behave(program, folder, 4, checks)
