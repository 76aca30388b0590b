"""deploy/apt.sh waits for who holds apt's locks: a real apt-get in folders of the test's own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

APT_SH = Path(__file__).resolve().parents[2] / "deploy/apt.sh"
LOCKS = {
    "install -y": "dpkg/lock-frontend",
    "update": "state/lists/lock",
    "clean": "cache/archives/lock",
}

pytestmark = [
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="apt-get's locks are root's"),
]


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    """A folder with apt's state, its lists of sources empty."""
    for name in ("dpkg", "state/lists/partial", "cache/archives/partial", "etc"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "dpkg/status").touch()
    (tmp_path / "apt.conf").write_text(
        f'Dir::State "{tmp_path}/state";\nDir::State::status "{tmp_path}/dpkg/status";\n'
        f'Dir::Cache "{tmp_path}/cache";\nDir::Etc "{tmp_path}/etc";\n'
    )
    return tmp_path


def start(apt: Path, words: str, wait_s: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["sh", "-c", f". {APT_SH}; apt_get {words}"],
        env={**os.environ, "APT_CONFIG": str(apt / "apt.conf"), "APT_WAIT_S": str(wait_s)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextmanager
def held(path: Path) -> Iterator[None]:
    """As another apt holds it; the kernel names this process as the holder."""
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("words", LOCKS)
def test_a_lock_is_waited_for_and_its_holder_named(apt: Path, words: str) -> None:
    with held(apt / LOCKS[words]):
        running = start(apt, words, 60)
        assert running.stdout is not None
        line = running.stdout.readline()
        assert f"waiting for process {os.getpid()} (" in line, line
        assert running.poll() is None
    rest, errors = running.communicate(timeout=60)
    assert running.returncode == 0, rest + errors


def test_it_does_not_wait_for_ever(apt: Path) -> None:
    with held(apt / LOCKS["update"]):
        running = start(apt, "update", 0)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert f"still held by process {os.getpid()}" in errors


def test_what_is_wrong_otherwise_is_told_without_waiting(apt: Path) -> None:
    running = start(apt, "install -y no-such-package", 600)
    said, errors = running.communicate(timeout=60)
    assert running.returncode == 1 and "Unable to locate package" in errors
    assert "waiting" not in said
