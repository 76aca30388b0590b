"""Debian 13 with NetworkManager and our program's dependencies, for a box with radios
(radio_box.py) and for one with a USB socket (test_gadget.py), on User-Mode Linux (uml_kernel.py).

Its root is made once by mmdebstrap (as root) and kept beside the emulated board's parts
(tests/board/store.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from board.store import digest, made
from image import uml_kernel

ROOT = Path(__file__).resolve().parents[2]
MIRROR = "deb http://deb.debian.org/debian trixie main"
#: What the card image has of networks, and what plays phone and home.
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2"),
    *("network-manager", "wpasupplicant", "dnsmasq-base", "iw", "wireless-regdb", "polkitd"),
    *("hostapd", "busybox-static", "curl", "avahi-daemon", "avahi-utils"),
    *("python3", "python3-numpy", "python3-cffi-backend", "python3-mido", "python3-soundfile"),
    *("python3-tomli-w", "python3-h11", "python3-click", "python3-idna", "python3-sniffio"),
    *("python3-segno", "python3-rtmidi", "python3-alsaaudio"),
    *("alsa-utils", "bluez", "bluez-test-tools"),
)
#: Newer than Debian's.
WHEELS = (
    *("uvicorn", "starlette", "anyio", "typing-extensions", "websockets", "python-multipart"),
    "soxr",
)
TABLE = """/dev/ubda / ext4 defaults 0 0
/dev/ubdb /program ext4 ro 0 0
"""
AGENT = Path(__file__).resolve().parent / "guest/radio-agent"
UNIT = """[Unit]
Description=Runs the jobs of the tests
RequiresMountsFor=/program

[Service]
ExecStart=/bin/sh /usr/lib/radio-agent
# What a job starts ends with it, not with a limit.
TasksMax=infinity
"""
#: Phone and home are not the box's: NetworkManager sees them before they are taken away.
OTHERS = "[keyfile]\nunmanaged-devices=interface-name:wlan1;interface-name:wlan2\n"
#: Nobody asks for them here, and there is no terminal.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "NetworkManager-wait-online.service",
          "hostapd.service", "systemd-networkd.service", "e2scrub_all.timer",
          "e2scrub_reap.service", "bluetooth.service", "dpkg-db-backup.timer",
          "getty.target")  # fmt: skip

PARTS = (PACKAGES, WHEELS, MIRROR, TABLE, UNIT, OTHERS, MASKED)
IGNORED = shutil.ignore_patterns("__pycache__", "*.c", "*.o", "*.h")


def missing() -> str:
    """Why there can be no such guest here; "" where there can."""
    if os.geteuid() != 0:
        return "mmdebstrap needs root here"
    for program in ("mmdebstrap", "mke2fs"):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install mmdebstrap e2fsprogs"
    return uml_kernel.missing()


def debian() -> Path:
    """A folder with root/ (Debian, our dependencies) and disk.img of it."""

    def build(folder: Path) -> None:
        root = folder / "root"
        subprocess.run(
            ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
             f"--include={','.join(PACKAGES)}", "trixie", str(root), MIRROR],
            check=True,
        )  # fmt: skip
        site = root / "usr/local/lib/python3.13/dist-packages"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--python-version", "3.13",
             "--only-binary=:all:", "--target", str(site), *WHEELS],
            check=True,
        )  # fmt: skip
        _compile(root, site)
        for name in ("board", "program"):
            (root / name).mkdir()
        (root / "etc/fstab").write_text(TABLE)
        (root / "etc/hostname").write_text("ddsp-1a2b\n")
        (root / "etc/machine-id").write_text("")
        (root / "etc/NetworkManager/conf.d/others.conf").write_text(OTHERS)
        shutil.copy(AGENT, root / "usr/lib/radio-agent")
        (root / "usr/lib/radio-agent").chmod(0o755)
        units = root / "etc/systemd/system"
        (units / "radio-agent.service").write_text(UNIT)
        (units / "multi-user.target.wants").mkdir(exist_ok=True)
        (units / "multi-user.target.wants/radio-agent.service").symlink_to("../radio-agent.service")
        for unit in MASKED:
            (units / unit).unlink(missing_ok=True)
            (units / unit).symlink_to("/dev/null")
        _disk(root, folder / "disk.img", 3000)

    return made("radios", digest(*PARTS, AGENT), build)


def _compile(root: Path, site: Path) -> None:
    """Byte code, made here: the guest has one slow processor."""
    script = (
        f"mount --bind {site} {root}/mnt && chroot {root} python3 -m compileall -q /mnt "
        "-s /mnt -p / || true; umount "
        f"{root}/mnt"
    )
    subprocess.run(["unshare", "--mount", "sh", "-c", script], check=True)


def _disk(folder: Path, image: Path, size_mb: int) -> None:
    with image.open("wb") as empty:
        empty.truncate(size_mb << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(folder), str(image)], check=True)


def program(base: Path, image: Path) -> None:
    """Write a disk with this tree's program and its units, for /program in the guest."""
    site = image.with_suffix(".d")
    for name in ("native", "ddsp_edge", "firmware_py"):
        shutil.copytree(ROOT / name, site / name, ignore=IGNORED)
    shutil.copytree(ROOT / "deploy", site / "deploy", ignore=shutil.ignore_patterns("image"))
    _compile(base / "root", site)
    _disk(site, image, 256)
    shutil.rmtree(site)
