"""The unit, rules, user and folders, judged by systemd's own tools."""

import re

import pytest
from units import (
    DEPLOY,
    exposed,
    faults,
    make_users_and_folders,
    mode,
    needs_root,
    needs_systemd,
    runnable,
)

UNIT = DEPLOY / "systemd" / "ddsp-edge.service"
#: A service that needs real time, devices and sockets cannot reach 0; this is what it has.
EXPOSURE = 2.0


@needs_systemd
def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    unit = runnable(UNIT, tmp_path)
    assert faults(unit) == ""
    unit.write_text(unit.read_text().replace("WatchdogSec=10", "WatchdogSec=often"))
    assert "often" in faults(unit)  # it does look


@needs_systemd
def test_the_unit_is_hardened(tmp_path):
    assert exposed(runnable(UNIT, tmp_path), EXPOSURE) == ""


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
    users, folders = (DEPLOY / f"{kind}.d" / "ddsp-edge.conf" for kind in ("sysusers", "tmpfiles"))
    groups = make_users_and_folders(tmp_path, [users], [folders])
    for group in ("audio", "gpio", "spi", "input"):
        assert re.search(rf"^{group}:.*\bddsp-edge$", groups, re.MULTILINE), groups
    for folder in ("", "models", "presets"):
        assert mode(tmp_path / "var" / "lib" / "ddsp-edge" / folder) == 0o2775
