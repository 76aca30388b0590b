"""What takes long is measured, written and left out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import long_tests
import pytest

TESTS = Path(__file__).parent


def test_the_modules_of_the_long_tests_are_there():
    names = {name.split("::")[0] for name in long_tests.seconds()}
    assert [name for name in names if not (TESTS.parent / name).exists()] == []


def test_it_is_written_from_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(long_tests, "FILE", tmp_path / "long.txt")
    lines = [["tests/a.py::test[b c]", 4.0], ["tests/a.py::test[b c]", 3.5], ["tests/b.py::t", 0.9]]
    lines += [["tests/c.py::t", long_tests.LIMIT_S]]
    (tmp_path / "measured").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert long_tests.write(tmp_path / "measured") == 2
    assert long_tests.seconds() == {
        "tests/a.py::test[b c]": 4.0,
        "tests/c.py::t": long_tests.LIMIT_S,
    }


def test_what_ends_meanwhile_and_what_goes_on_is_counted():
    busy = "import time; ends = time.process_time() + 0.3\nwhile time.process_time() < ends: pass"
    begun_s = long_tests.processor_s()
    subprocess.run([sys.executable, "-c", busy], check=True)
    ended_s = long_tests.processor_s()
    assert ended_s - begun_s >= 0.25
    goes_on = subprocess.Popen(
        [sys.executable, "-c", busy + "\nprint(1, flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert goes_on.stdout is not None
    goes_on.stdout.readline()
    assert long_tests.processor_s() - ended_s >= 0.25
    goes_on.communicate(b"\n")


def test_only_where_it_is_asked_for_a_long_test_is_left_out():
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only"]
    name = next(name for name in long_tests.seconds() if name.startswith("tests/native/"))
    for short, found in (("1", False), ("0", True)):
        said = subprocess.run(
            [*words, name.split("[")[0]], capture_output=True, text=True, cwd=TESTS.parent,
            env={**os.environ, long_tests.SHORT: short}, check=False,
        ).stdout  # fmt: skip
        assert (name in said) is found
