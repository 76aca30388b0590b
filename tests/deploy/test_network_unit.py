"""The unit of the network service, judged by systemd's own tools."""

from __future__ import annotations

import re

from units import DEPLOY, exposed, faults, needs_systemd, runnable

UNIT = DEPLOY / "systemd" / "ddsp-edge-network.service"
EXPOSURE = 1.9
RULE = DEPLOY / "polkit" / "60-ddsp-edge-network.rules"


@needs_systemd
def test_systemd_finds_no_fault_in_it(tmp_path):
    assert faults(runnable(UNIT, tmp_path)) == ""


@needs_systemd
def test_the_gadgets_unit_has_no_fault_and_may_do_little(tmp_path):
    unit = runnable(DEPLOY / "systemd" / "ddsp-edge-gadget.service", tmp_path)
    assert faults(unit) == ""
    assert exposed(unit, 5.0) == ""  # root, for configfs and a module of the kernel


@needs_systemd
def test_it_is_hardened(tmp_path):
    assert exposed(runnable(UNIT, tmp_path), EXPOSURE) == ""


def test_its_user_is_the_one_whom_the_rule_lets():
    text = UNIT.read_text()
    user = re.search(r"^User=(\S+)$", text, re.MULTILINE)[1]
    assert f'subject.user === "{user}"' in RULE.read_text()
    assert f"u {user} " in (DEPLOY / "sysusers.d" / "ddsp-edge-network.conf").read_text()
    assert "Group=ddsp-edge" in text.splitlines()
