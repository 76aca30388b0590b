"""Boxes that are updated, in machines that start by the image's own initramfs and Debian's systemd.

Of the card image: init and boot-state, squashfs slots, the data partition, systemd 257, D-Bus,
RAUC 1.13, ddsp-edge-confirm and every unit of deploy/image/update. The kernel is User-Mode Linux
(a process at native speed), and what stands for the engine is guest/engine.py. There is no
watchdog: where a system hangs for good, the test pulls the plug, as a person would.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from board.debian import unpack
from board.store import digest, made
from builder.debs import packages
from image import power_card
from image.power_card import GUEST, MODULES, ROOT, SIGNATURE, initramfs, uml

UPDATE = ROOT / "deploy/image/update"
#: MiB of p1, slot A, slot B and the data.
SIZES_MB = (1, 96, 96, 192)
#: Debian's packages that a box has and this machine needs not.
LEFT_OUT = re.compile(
    r"firmware|bluez|network-manager|avahi|alsa|openssh|sudo|wpasupplicant|python3-|nano|lib(opus|"
    r"samplerate|fftw|jack|nm0|bluetooth|freetype|harfbuzz|jpeg|tiff|webp|png|openjp|lcms|sqlite|db5)|"
    r"perl|dnsmasq|dosfstools|fdisk|tzdata|wireless|polkit|procps|iw_|less|passwd|login_|dpkg_"
)
#: Units that only a real machine needs.
MASKED = """
    systemd-udevd.service systemd-udev-trigger.service systemd-udev-settle.service
    systemd-timesyncd.service systemd-hwdb-update.service systemd-random-seed.service
    systemd-networkd.service getty.target systemd-logind.service systemd-binfmt.service
    systemd-firstboot.service systemd-sysctl.service systemd-modules-load.service
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount systemd-udevd-kernel.socket
    systemd-udevd-control.socket systemd-journal-flush.service systemd-update-utmp.service
    systemd-machine-id-commit.service systemd-sysusers.service
"""
ENGINE = """[Unit]
Description=what stands for the engine
StartLimitIntervalSec=0
[Service]
ExecStart=/opt/ddsp-edge/venv/bin/python /usr/lib/ddsp-edge/engine.py
Restart=always
RestartSec=500ms
"""
AGENT = """[Unit]
Description=the test's agent
[Service]
ExecStart=/bin/sh /usr/lib/ddsp-edge/agent
"""
PYTHON = """#!/bin/sh
PYTHONPATH=/usr/lib/ddsp-edge/site PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 "$@"
"""


def userland() -> Path:
    """A folder root/ with Debian's packages of the image, unpacked, and nothing of ours."""
    debs = packages("amd64") / "root"

    def build(folder: Path) -> None:
        chosen = folder / "debs"
        chosen.mkdir()
        for deb in debs.glob("*.deb"):
            if not LEFT_OUT.match(deb.name):
                (chosen / deb.name).symlink_to(deb)
        unpack(chosen, folder / "root")
        shutil.rmtree(chosen)
        for each in ("usr/share/doc", "usr/share/locale", "usr/share/man", "usr/lib/udev",
                     "usr/share/zoneinfo", "usr/share/bash-completion"):  # fmt: skip
            shutil.rmtree(folder / "root" / each, ignore_errors=True)

    return made("image-userland", digest(debs.parent.name, LEFT_OUT.pattern, 1), build) / "root"


def slot_system(folder: Path, version: str, kind: str, cert: Path) -> Path:
    """A whole system of that version as a squashfs in ``folder``.

    ``kind``: what its engine does (guest/engine.py), or "panic": its systemd ends at once,
    "empty": there is none.
    """
    out = folder / f"{kind}-{version}.squashfs"
    if out.exists():
        return out
    root = Path(tempfile.mkdtemp(dir=folder)) / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", userland(), root], check=True)
    subprocess.run(["sh", UPDATE / "install.sh", root, "amd64", version, cert], check=True)
    for each in ("proc", "sys", "dev", "run", "data", "lower", "tmp", "root", "home"):
        (root / each).mkdir(exist_ok=True)
    ours = root / "usr/lib/ddsp-edge"
    for package in ("ddsp_edge", "firmware_py"):
        for path in (ROOT / package).rglob("*.py"):
            target = ours / "site" / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for name in ("engine.py", "agent"):
        shutil.copy(GUEST / name, ours / name)
    (ours / "kind").write_text(kind + "\n")
    _put(root / "opt/ddsp-edge/venv/bin/python", PYTHON, 0o755)
    python = root / "usr/bin/python3"
    python.unlink(missing_ok=True)
    python.symlink_to("python3.13")
    users = "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:101:101::/:/bin/false\n"
    _put(root / "etc/passwd", users + "ddsp-edge:x:900:900::/:/bin/false\n")
    _put(root / "etc/group", "root:x:0:\nmessagebus:x:101:\nddsp-edge:x:900:\n")
    _put(root / "usr/share/ddsp-edge/boards/generic.toml", "")
    units = root / "etc/systemd/system"
    _put(units / "ddsp-edge.service", ENGINE)
    _put(units / "test-agent.service", AGENT)
    wants = units / "multi-user.target.wants"
    for name in ("ddsp-edge.service", "test-agent.service", "dbus.service"):
        source = name if (units / name).exists() else f"/usr/lib/systemd/system/{name}"
        (wants / name).symlink_to(f"../{source}" if source == name else source)
    (units / "default.target").unlink(missing_ok=True)
    (units / "default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")
    for name in MASKED.split():
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")
    (root / "usr/lib/systemd/system.conf.d/ddsp-edge-watchdog.conf").unlink()
    systemd = root / "usr/lib/systemd/systemd"
    if kind in ("panic", "empty"):
        systemd.unlink()
    if kind == "panic":
        _put(systemd, "#!/bin/sh\nexit 1\n", 0o755)
    subprocess.run(
        ["mksquashfs", root, out, "-noappend", "-quiet", "-no-progress", "-all-root", "-comp",
         "zstd", "-Xcompression-level", "3"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.rmtree(root.parent)
    return out


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def modules(folder: Path) -> None:
    """What RAUC needs of the kernel, and their order, into a folder that a machine sees."""
    tree = folder / "tree/lib/modules"
    tree.mkdir(parents=True)
    (tree / MODULES[-1].name).symlink_to(MODULES[-1])
    names: list[str] = []
    for module in ("dm-mod", "dm-verity", "loop"):
        listed = subprocess.run(
            ["modprobe", "-d", folder / "tree", "-S", MODULES[-1].name, "--show-depends", module],
            check=True, capture_output=True, text=True,
            env={**os.environ, "PATH": power_card.PATH},
        ).stdout  # fmt: skip
        for line in listed.splitlines():
            if line.startswith("insmod "):
                source = Path(line.split()[1])
                if source.name not in names:
                    names.append(source.name)
                    shutil.copy(source, folder / source.name)
    (folder / "modules").write_text("\n".join(names) + "\n")


class UpdateMachine:
    """One box. Lines that it says are kept; the block's end pulls its plug."""

    def __init__(self, card: Path, work: Path) -> None:
        self.card, self.work, self.lines = card, work, list[str]()
        self._process: subprocess.Popen[bytes] | None = None
        self._news = threading.Condition()

    def start(self) -> None:
        """Switch it on."""
        folder = Path(tempfile.mkdtemp(dir=self.work))
        words = (f"initrd={initramfs()}", f"ddsp.disk={SIGNATURE:08x}", f"ddsp.work={self.work}",
                 "systemd.show_status=0", "systemd.log_level=warning")  # fmt: skip
        command = uml({"ubd0": self.card}, folder, *words, memory_mb=384)
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def _listen(self, stream: Iterable[bytes]) -> None:
        for line in stream:
            with self._news:
                self.lines.append(line.decode(errors="replace").strip())
                self._news.notify_all()

    def cut(self) -> None:
        """Pull the plug: what has not reached the card is lost."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def __enter__(self) -> UpdateMachine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def until(self, pattern: str, within_s: float, since: int = 0) -> int:
        """Wait for a line; return the number of the one after it. Raises AssertionError."""
        ends = time.monotonic() + within_s
        number = since
        with self._news:
            while True:
                while number < len(self.lines):
                    number += 1
                    if re.search(pattern, self.lines[number - 1]):
                        return number
                left_s = ends - time.monotonic()
                if left_s <= 0:
                    told = "\n".join(self.lines[-60:])
                    raise AssertionError(f"not said within {within_s:g} s: {pattern}\n{told}")
                self._news.wait(left_s)

    def install(self, bundle: Path) -> None:
        """Have it take an update, as one that has come over ssh, and restart with it."""
        shutil.copy(bundle, self.work / "update.raucb")
        (self.work / "install").touch()


def make_card(path: Path, slot_a: Path) -> None:
    """A card with a system in slot A alone; the data partition is empty."""
    nothing = path.with_suffix(".data")
    nothing.mkdir()
    power_card.make_card(path, slot_a, None, nothing, SIZES_MB)
