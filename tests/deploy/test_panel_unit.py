"""The panel's unit and user, judged by systemd's own tools: it may do less than the engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "ddsp-edge-panel.service"
#: systemd's own measure, 0 (nothing is allowed) to 10.
EXPOSURE = 1.8

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze: apt-get install systemd"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes users in a folder: needs root")


@pytest.fixture
def unit(tmp_path):
    """The unit with a program that is there."""
    path = tmp_path / UNIT.name
    text = re.sub(r"(?<=^ExecStart=)\S+", sys.executable, UNIT.read_text(), flags=re.MULTILINE)
    path.write_text(text)
    return path


def run(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True)


@needs_systemd
def test_systemd_finds_no_fault_in_it(unit):
    done = run("systemd-analyze", "verify", "--man=no", unit)
    ours = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert done.returncode == 0 and not ours, done.stderr


@needs_systemd
def test_it_is_hardened(unit):
    options = ("--offline=true", f"--threshold={round(10 * EXPOSURE)}", "--no-pager")
    done = run("systemd-analyze", "security", *options, unit)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_it_gives_way_and_writes_only_models_and_pairings():
    lines = UNIT.read_text().splitlines()
    for line in ("Nice=10", "CPUWeight=10", "ProtectSystem=strict", "User=ddsp-edge-panel"):
        assert line in lines
    writable = next(line for line in lines if line.startswith("ReadWritePaths="))
    assert writable.partition("=")[2].split() == [
        "/var/lib/ddsp-edge/models",
        "/var/lib/ddsp-edge/panel",
    ]


@needs_systemd
@needs_root
def test_its_user_and_folder_are_made(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("root:x:0:\naudio:x:29:\n")
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    users = sorted((DEPLOY / "sysusers.d").glob("*.conf"))
    done = run("systemd-sysusers", f"--root={tmp_path}", *users)
    assert done.returncode == 0, done.stderr
    groups = (tmp_path / "etc" / "group").read_text()
    for group in ("ddsp-edge", "systemd-journal"):
        assert re.search(rf"^{group}:.*\bddsp-edge-panel$", groups, re.MULTILINE), groups
    assert not re.search(r"^(audio|gpio|input|spi):.*panel", groups, re.MULTILINE)
    folders = sorted((DEPLOY / "tmpfiles.d").glob("*.conf"))
    done = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", *folders)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "var/lib/ddsp-edge/panel").stat().st_mode & 0o7777 == 0o2700
