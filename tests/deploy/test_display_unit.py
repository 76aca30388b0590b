"""The display's unit, judged by systemd's own tools, and who may shut the box down."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from units import (
    DEPLOY,
    exposed,
    faults,
    make_users_and_folders,
    needs_root,
    needs_systemd,
    runnable,
)

from ddsp_edge.system.power import ENVIRONMENT, POWER_OFF, RESTART

UNIT = DEPLOY / "systemd" / "ddsp-edge-display.service"
RULE = DEPLOY / "polkit" / "60-ddsp-edge-service.rules"
EXPOSURE = 2.0


@needs_systemd
def test_systemd_finds_no_fault_in_it(tmp_path):
    assert faults(runnable(UNIT, tmp_path)) == ""


@needs_systemd
def test_it_is_hardened(tmp_path):
    assert exposed(runnable(UNIT, tmp_path), EXPOSURE) == ""


def test_it_gives_way_may_only_reach_bus_and_pins_and_stays_away_without_a_display():
    lines = UNIT.read_text().splitlines()
    for line in ("Nice=10", "CPUWeight=10", "ProtectSystem=strict", "User=ddsp-edge"):
        assert line in lines
    devices = {line.split("=")[1] for line in lines if line.startswith("DeviceAllow=")}
    assert devices == {"char-i2c rw", "char-gpiochip rw"}
    assert not any(line.startswith("ReadWritePaths") for line in lines)
    assert "Restart=on-failure" in lines and "RestartPreventExitStatus=2" in lines


@needs_systemd
@needs_root
def test_the_services_user_may_use_the_bus(tmp_path):
    users, folders = (
        sorted((DEPLOY / f"{kind}.d").glob("*.conf")) for kind in ("sysusers", "tmpfiles")
    )
    groups = make_users_and_folders(tmp_path, users, folders)
    assert re.search(r"^i2c:.*:ddsp-edge$", groups, re.MULTILINE), groups
    rules = (DEPLOY / "udev" / "60-ddsp-edge.rules").read_text()
    assert 'SUBSYSTEM=="i2c-dev", GROUP="i2c", MODE="0660"' in rules


def test_the_services_units_may_shut_down_and_no_other_user_by_this_rule():
    for unit in ("ddsp-edge.service", "ddsp-edge-display.service"):
        assert f"Environment={ENVIRONMENT}=1" in (DEPLOY / "systemd" / unit).read_text()
    assert POWER_OFF[-1] == "poweroff" and RESTART[-1] == "reboot"
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: the rule is JavaScript")
    asks = "const ask = (user, id) => console.log(rule({id}, {user}));"
    for user in ("ddsp-edge", "ddsp-edge-panel", "pi", ""):
        for what in ("power-off", "reboot", "halt", "suspend", "power-off-ignore-inhibit"):
            asks += f"ask('{user}', 'org.freedesktop.login1.{what}');"
    script = "let rule; const polkit = {addRule: (f) => { rule = f; }, Result: {YES: 'yes'}};\n"
    done = subprocess.run(
        [node, "-e", script + RULE.read_text() + asks], capture_output=True, text=True, check=True
    )
    said = done.stdout.split()
    assert said[:5] == ["yes", "yes", "undefined", "undefined", "undefined"]
    assert set(said[5:]) == {"undefined"}
