"""What a test leaves behind is told and fails the session, in one process and in several."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = Path(__file__).parent
IN_ONE_AND_TWO = [
    (),
    pytest.param(
        ("-p", "xdist", "-n", "2", "--dist", "loadscope"),
        marks=pytest.mark.skipif(
            importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed"
        ),
    ),
]
TIDY = "def test_tidy(tmp_path):\n    (tmp_path / 'kept-by-pytest').touch()\n"
FILE = "import tempfile\ndef test_untidy():\n    tempfile.mkdtemp(prefix='forgotten')\n"
PROCESS = """
import subprocess
def test_forgetful():
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
"""


def session(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs a file of tests in a session of its own, whose temporary files are in ``folder``/tmp."""
    (folder / "tmp").mkdir()
    (folder / "test_it.py").write_text(text)
    place = ("-c", os.devnull, "--rootdir", ".", "test_it.py")
    plugins = ("-p", "session_folder", "-p", "groups", "-p", "no:cacheprovider")
    own = {"TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(HELPERS), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, *place],
        env=os.environ | own | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # they take seconds
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("options", IN_ONE_AND_TWO)
def test_who_leaves_nothing_passes_and_the_folder_is_gone(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = session(tmp_path, TIDY, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left behind" not in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("options", IN_ONE_AND_TWO)
def test_a_file_that_is_left_fails_the_session_and_its_test_is_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = session(tmp_path, TIDY + FILE, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"ERROR test_it.py::test_untidy.* - left behind: forgotten", done.stdout)
    assert re.search(r"2 passed, 1 error in", done.stdout.splitlines()[-1])


def test_a_process_that_is_left_fails_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = "import session_folder\nsession_folder.PATIENCE_S = 0.1\n"
    done = session(tmp_path, patience + PROCESS)
    found = re.search(r"left behind: process (\d+): sleep 1000", done.stdout)
    assert found is not None and done.returncode == 1, done.stdout + done.stderr
    os.kill(int(found[1]), 9)


def test_the_files_of_a_test_that_failed_stay(tmp_path: Path) -> None:
    done = session(tmp_path, TIDY + "    assert 0\n")
    assert done.returncode == 1
    where = re.search(r"temporary files of what failed stay in (\S+)", done.stdout)
    assert where is not None
    assert list(Path(where[1]).rglob("kept-by-pytest"))
