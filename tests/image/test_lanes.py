"""make image-test runs every test of the card image, and fails where one of them does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from image import lanes
from image.conftest import LIGHT

HERE = Path(__file__).resolve().parent


def test_every_test_that_starts_machines_is_in_one_lane() -> None:
    runs = [run for row in (*lanes.LANES, *lanes.LONG.values()) for run in row]
    files = {path.name for path in HERE.glob("test_*.py")} - LIGHT
    assert {run[0] for run in runs} == files
    for name in files:
        own = [list(run[1:]) for run in runs if run[0] == name]
        if own != [[]]:  # else two, which make the whole
            assert own == [["-k", lanes.WAITS], ["-k", f"not {lanes.WAITS}"]]
            tests = re.findall(r"^def (test_\w+)", (HERE / name).read_text(), re.M)
            assert 0 < sum(lanes.WAITS in test for test in tests) < len(tests)


@pytest.mark.parametrize(("body", "code", "told"), [
    ("assert 1", 0, "image-test: 1 passed, in"),
    ("assert 0", 1, "image-test: 1 failed, in"),
])  # fmt: skip
def test_the_exit_code_and_the_last_line_say_what_became_of_them(
    tmp_path: Path, body: str, code: int, told: str
) -> None:
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    print('heard')\n    {body}\n")
    call = (
        "import sys, pathlib; from image import lanes; "
        f"lanes.HERE = pathlib.Path({str(tmp_path)!r}); lanes.LANES = ((('test_one.py',),),); "
        "sys.exit(lanes.main(['-c', '/dev/null']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "DDSP_EDGE_LONG": ""},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "heard" in done.stdout and done.stdout.splitlines()[-1].startswith(told)
