"""The unit, rules, user and folders, judged by systemd's own tools."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "ddsp-edge.service"
#: systemd's own measure, 0 (nothing is allowed) to 10. A service that needs real time, devices
#: and sockets cannot reach 0; this is what it has.
EXPOSURE = 2.0

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
def test_systemd_finds_no_fault_in_the_unit(unit, tmp_path):
    done = run("systemd-analyze", "verify", "--man=no", unit)
    ours = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert done.returncode == 0 and not ours, done.stderr
    unit.write_text(unit.read_text().replace("WatchdogSec=10", "WatchdogSec=often"))
    assert "often" in run("systemd-analyze", "verify", "--man=no", unit).stderr  # it does look


@needs_systemd
def test_the_unit_is_hardened(unit):
    options = ("--offline=true", f"--threshold={round(10 * EXPOSURE)}", "--no-pager")
    done = run("systemd-analyze", "security", *options, unit)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "WatchdogSec=10",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "User=ddsp-edge",
        "LimitMEMLOCK=infinity",
    ],
)
def test_what_the_service_relies_on(line):
    assert line in UNIT.read_text().splitlines()


def test_real_time_is_allowed():
    text = UNIT.read_text()
    assert "RestrictRealtime" not in text
    assert int(re.search(r"^LimitRTPRIO=(\d+)", text, re.MULTILINE)[1]) > 70


@needs_systemd
@needs_root
def test_user_and_folders_are_made(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("root:x:0:\naudio:x:29:\n")
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    users = DEPLOY / "sysusers.d" / "ddsp-edge.conf"
    done = run("systemd-sysusers", f"--root={tmp_path}", users)
    assert done.returncode == 0, done.stderr
    groups = (tmp_path / "etc" / "group").read_text()
    for group in ("audio", "gpio", "spi", "input"):
        assert re.search(rf"^{group}:.*\bddsp-edge$", groups, re.MULTILINE), groups
    folders = DEPLOY / "tmpfiles.d" / "ddsp-edge.conf"
    done = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", folders)
    assert done.returncode == 0, done.stderr
    for folder in ("", "models", "presets"):
        mode = (tmp_path / "var" / "lib" / "ddsp-edge" / folder).stat().st_mode
        assert mode & 0o7777 == 0o2775
