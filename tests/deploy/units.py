"""systemd's own tools, on a unit or on a folder that stands for a root file system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze: apt-get install systemd"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes users in a folder: needs root")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, words)), capture_output=True, text=True)


def runnable(unit: Path, folder: Path) -> Path:
    """A copy of the unit in ``folder``, with a program that is there."""
    path = folder / unit.name
    own = rf"\g<1>{sys.executable}"
    text = re.sub(r"^(ExecSt(?:art|op)=)\S+", own, unit.read_text(), flags=re.MULTILINE)
    path.write_text(text)
    return path


def faults(unit: Path) -> str:
    """What systemd finds wrong with it; "" when nothing."""
    done = run("systemd-analyze", "verify", "--man=no", unit)
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    return "\n".join(ours) or (done.stderr if done.returncode != 0 else "")


def exposed(unit: Path, limit: float) -> str:
    """systemd's own measure, 0 (nothing is allowed) to 10: its table where it is above, or ""."""
    options = ("--offline=true", f"--threshold={round(10 * limit)}", "--no-pager")
    done = run("systemd-analyze", "security", *options, unit)
    return "" if done.returncode == 0 else done.stdout[-3000:] + done.stderr


def make_users_and_folders(root: Path, users: list[Path], folders: list[Path]) -> str:
    """systemd-sysusers and systemd-tmpfiles in ``root``; its /etc/group then."""
    etc = root / "etc"
    etc.mkdir()
    (etc / "group").write_text("root:x:0:\naudio:x:29:\n")
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for words in (("systemd-sysusers", *users), ("systemd-tmpfiles", "--create", *folders)):
        done = run(words[0], f"--root={root}", *words[1:])
        assert done.returncode == 0, done.stderr
    return (etc / "group").read_text()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777
