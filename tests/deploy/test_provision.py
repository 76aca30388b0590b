"""From a bare Debian to `ready to play`, and back to nothing: `ddsp-edge provision`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from wheelhouse import EXTRAS

ROOT = Path(__file__).resolve().parents[2]


def provision(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ddsp_edge", "provision", "device", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)


def test_set_up_again_and_away(to_device, wheels):
    device = to_device
    device.ssh("mkdir -p /boot/firmware; echo arm_64bit=1 >/boot/firmware/config.txt")
    before = device.changes()
    options = ("--wheelhouse", str(wheels), "--board", "pi-4", "--hat", "hifiberry",
               "--as", "module", "--panel", "all", "--extras", EXTRAS, "--no-start")  # fmt: skip
    first = provision(*options)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "enabled ddsp-edge.service" in first.stdout
    assert "cello" in device.ssh("ddsp-edge models list")
    assert "period = 128" in device.ssh("cat /etc/ddsp-edge/board.toml")
    assert "sndrpihifiberry" in device.ssh("cat /etc/ddsp-edge/hat.toml")
    assert 'source = "synth"' in device.ssh("cat /etc/ddsp-edge/use.toml")
    assert 'host = "0.0.0.0"' in device.ssh("cat /etc/ddsp-edge/panel.toml")
    dropped = device.ssh("cat /etc/systemd/system/ddsp-edge.service.d/four-cores.conf")
    assert "CPUAffinity=0-2" in dropped
    assert "dtoverlay=hifiberry" in device.ssh("cat /boot/firmware/config.txt")
    groups = device.ssh("id -nG ddsp-edge").split()
    assert {"audio", "gpio", "i2c", "ddsp-edge"} <= set(groups)
    assert device.ssh("stat -c '%U %a' /var/lib/ddsp-edge/models") == "ddsp-edge 2775\n"
    device.ssh("test -L /etc/systemd/system/multi-user.target.wants/ddsp-edge.service")
    display = "/opt/ddsp-edge/venv/bin/ddsp-edge-display"
    assert "no display is configured" in device.ssh(display)
    device.ssh("printf '[display]\nkind = \"lcd16x2\"\nbus = 31\n' >/tmp/display.toml")
    said = device.ssh(f"timeout 20 {display} --config /tmp/display.toml 2>&1; rm /tmp/display.toml")
    assert "no lcd16x2 at 0x27 on /dev/i2c-31" in said and "Traceback" not in said
    # The owner's configuration is the owner's.
    device.ssh("echo '[instrument]\nmodel = \"cello\"' >/etc/ddsp-edge/config.toml")
    device.ssh("printf '[usb]\\ngadget = \"midi\"\\n' >>/etc/ddsp-edge/config.toml")
    again = provision(*options)
    assert "notice: this box has no USB device controller" in again.stdout  # and it goes on
    assert again.returncode == 0 and "nothing had to be changed" in again.stdout, again.stdout
    assert 'model = "cello"' in device.ssh("cat /etc/ddsp-edge/config.toml")

    kept = provision("--uninstall", "--keep")
    assert kept.returncode == 0, kept.stderr
    assert 'model = "cello"' in device.ssh("cat /etc/ddsp-edge/config.toml")
    device.ssh("test ! -e /opt/ddsp-edge && test ! -e /usr/local/bin/ddsp-edge")
    gone = provision("--uninstall")
    assert gone.returncode == 0, gone.stderr
    assert device.changes() == before
    again = provision("--uninstall")
    assert again.returncode == 0 and "nothing of ddsp-edge" in again.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--board", "pi-9"], "there are: generic pi-3"),
        (["--hat", "none"], "there are: generic-usb"),
        (["--panel", "everywhere"], "invalid choice: 'everywhere'"),
        (["--login", "nobody-here"], "no user is called nobody-here"),
        (["--read-only-root"], "mount a partition at /var/lib/ddsp-edge first"),
        (["--wheelhouse", "/etc"], "holds no wheel of ddsp-edge"),
    ],
)
def test_what_cannot_be_is_said_before_anything_changes(to_device, words, says):
    done = provision(*words)
    assert done.returncode == 2 and says in done.stderr, done.stdout + done.stderr
    to_device.ssh("test ! -e /opt/ddsp-edge && ! getent passwd ddsp-edge")


def test_a_hat_that_the_kernel_cannot_drive_is_refused(to_device):
    with to_device.debians_kernel():
        done = provision("--hat", "hifiberry")
    assert done.returncode == 2
    assert "Debian's kernel has no driver for the hifiberry" in done.stderr
    to_device.ssh("test ! -e /opt/ddsp-edge && ! getent passwd ddsp-edge")


def test_another_apt_is_waited_for_and_named(to_device, wheels):
    """As on a first boot, when unattended-upgrades holds dpkg's lock."""
    to_device.ssh("dpkg --purge --force-depends alsa-utils >/dev/null 2>&1")
    holder = (
        "import fcntl, sys; f = open('/var/lib/dpkg/lock-frontend', 'w'); "
        "fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["ssh", "-F", str(to_device.config), "device", f'exec /usr/bin/python3 -c "{holder}"'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holding:  # fmt: skip
        assert holding.stdout is not None and holding.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "ddsp_edge", "provision", "device", "--no-start",
                   "--wheelhouse", str(wheels)]  # fmt: skip
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as setting_up:
            assert setting_up.stdout is not None
            said = ""
            while "waiting for process" not in said:
                said = setting_up.stdout.readline()
                assert said, setting_up.stderr and setting_up.stderr.read()
            assert "to let go of apt's lock" in said and setting_up.poll() is None
            assert holding.stdin is not None
            holding.stdin.close()  # it lets go
            rest, errors = setting_up.communicate(timeout=400)
            assert setting_up.returncode == 0, rest + errors
            assert "installed alsa-utils" in rest
    assert provision("--uninstall").returncode == 0


def test_a_wheel_that_is_missing_leaves_the_old_program(to_device, wheels, tmp_path):
    import shutil

    partial = tmp_path / "partial"
    shutil.copytree(wheels, partial)
    next(partial.glob("mido-*.whl")).unlink()
    assert provision("--wheelhouse", str(wheels), "--no-start").returncode == 0
    done = provision("--wheelhouse", str(partial), "--no-start")
    assert done.returncode == 2 and "a wheel is missing" in done.stderr
    assert to_device.ssh("ddsp-edge --version").startswith("ddsp-edge ")
