"""The panel's unit and user, judged by systemd's own tools: it may do less than the engine."""

import re

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

UNIT = DEPLOY / "systemd" / "ddsp-edge-panel.service"
EXPOSURE = 1.8


@needs_systemd
def test_systemd_finds_no_fault_in_it(tmp_path):
    assert faults(runnable(UNIT, tmp_path)) == ""


@needs_systemd
def test_it_is_hardened(tmp_path):
    assert exposed(runnable(UNIT, tmp_path), EXPOSURE) == ""


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
    users, folders = (
        sorted((DEPLOY / f"{kind}.d").glob("*.conf")) for kind in ("sysusers", "tmpfiles")
    )
    groups = make_users_and_folders(tmp_path, users, folders)
    for group in ("ddsp-edge", "systemd-journal"):
        assert re.search(rf"^{group}:.*\bddsp-edge-panel$", groups, re.MULTILINE), groups
    assert not re.search(r"^(audio|gpio|input|spi):.*panel", groups, re.MULTILINE)
    assert mode(tmp_path / "var/lib/ddsp-edge/panel") == 0o2700
