"""The units of the network service and of the box's name, judged by systemd's own tools."""

from __future__ import annotations

import re

import pytest
from units import DEPLOY, exposed, faults, needs_systemd, runnable

UNIT = DEPLOY / "systemd" / "ddsp-edge-network.service"
NAME = DEPLOY / "systemd" / "on-demand" / "ddsp-edge-name.service"
RULE = DEPLOY / "polkit" / "60-ddsp-edge-network.rules"


@needs_systemd
@pytest.mark.parametrize("unit", [UNIT, NAME], ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault_in_it(tmp_path, unit):
    assert faults(runnable(unit, tmp_path)) == ""


@needs_systemd
@pytest.mark.parametrize(("unit", "most"), [(UNIT, 1.9), (NAME, 4.5)])
def test_it_is_hardened(tmp_path, unit, most):
    assert exposed(runnable(unit, tmp_path), most) == ""


def test_its_user_is_the_one_whom_the_rule_lets():
    text = UNIT.read_text()
    user = re.search(r"^User=(\S+)$", text, re.MULTILINE)[1]
    assert f'subject.user === "{user}"' in RULE.read_text()
    assert f"u {user} " in (DEPLOY / "sysusers.d" / "ddsp-edge-network.conf").read_text()
    assert "Group=ddsp-edge" in text.splitlines()


def test_a_box_that_somebody_named_is_not_renamed():
    assert "ConditionHost=ddsp-edge" in NAME.read_text().splitlines()
    assert "Before=network-pre.target avahi-daemon.service" in NAME.read_text()
