"""The unit that copies from a USB stick, judged by systemd; its command, run on a disk."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from bundle_versions import make_version
from units import DEPLOY, exposed, faults, needs_root, needs_systemd

UNIT = DEPLOY / "systemd" / "on-demand" / "ddsp-edge-stick@.service"
RULE = DEPLOY / "udev" / "90-ddsp-edge-stick.rules"
PROGRAM = "/opt/ddsp-edge/venv/bin/python"
EXPOSURE = 5.5  # it mounts, as root


def instance(folder):
    """The unit of one stick, with a program that is there."""
    path = folder / UNIT.name.replace("@", "@sdz1")
    path.write_text(UNIT.read_text().replace(PROGRAM, sys.executable))
    return path


@needs_systemd
def test_systemd_finds_no_fault_in_it(tmp_path):
    assert faults(instance(tmp_path)) == ""


@needs_systemd
def test_it_is_hardened(tmp_path):
    assert exposed(instance(tmp_path), EXPOSURE) == ""


def test_a_stick_starts_it_and_no_other_disk():
    rule = RULE.read_text()
    assert f'SYSTEMD_WANTS}}+="{UNIT.name.replace("@", "@%k")}"' in rule
    for condition in ('SUBSYSTEM=="block"', 'ENV{ID_BUS}=="usb"', 'ENV{ID_FS_USAGE}=="filesystem"'):
        assert condition in rule
    assert RULE.name > "60-persistent-storage.rules"  # which says what file system it has


def command(device, folder):
    """ExecStart's words for the shell, for this disk, this Python, and root as the user."""
    text = UNIT.read_text().replace("\\\n", " ")
    words = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.MULTILINE)[1]
    for there, here in (
        ("/dev/%i", device),
        ("/run/ddsp-edge-stick", str(folder)),
        (PROGRAM, sys.executable),
        ("--reuid=ddsp-edge --regid=ddsp-edge --init-groups", "--reuid=0 --regid=0 --clear-groups"),
        ("copy-in", "copy-in --json"),
    ):
        assert there in words
        words = words.replace(there, here)
    return words


@needs_root
def test_its_command_copies_from_a_disk_that_is_mounted_for_it_alone(tmp_path):
    stick, disk, mounted = tmp_path / "stick", tmp_path / "disk.img", tmp_path / "mounted"
    (stick / "music").mkdir(parents=True)
    mounted.mkdir()
    make_version(stick / "music" / "flute.zip", 1)
    (stick / "notes.zip").write_bytes(b"no model")
    with disk.open("wb") as image:
        image.truncate(8 << 20)
    mkfs = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")
    if mkfs is None or shutil.which("losetup", path="/usr/sbin:/sbin:/usr/bin") is None:
        pytest.skip("no mkfs.ext4 or losetup (Debian: e2fsprogs, mount)")
    subprocess.run([mkfs, "-q", "-d", stick, disk], check=True)
    made = subprocess.run(["losetup", "--show", "-f", "-r", disk], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no loop device: {made.stderr.strip()}")
    device = made.stdout.strip()
    try:
        policy = tmp_path / "deploy.toml"
        policy.write_text(f'models = "{tmp_path}/models"\nsocket = "{tmp_path}/none"\n')
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", command(device, mounted)],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DDSP_EDGE_DEPLOY": str(policy),
                 "TMPDIR": str(tmp_path)},
        )  # fmt: skip
    finally:
        subprocess.run(["losetup", "-d", device], check=True)
    assert done.returncode == 1, done.stderr  # one was refused
    assert '"1 model copied; 1 refused: notes.zip: ' in done.stdout
    assert (tmp_path / "models" / "toy-flute.zip").is_file()
    assert list(mounted.iterdir()) == []
