"""A guest with three radios in the air: Debian 13 with NetworkManager, our units and our program.

The radios are mac80211_hwsim's: the box has the first, a phone and a home's access point have the
others, each in a network namespace of its own, so that NetworkManager sees its own alone. Debian's
root is made once by mmdebstrap (as root) and kept beside the emulated board's parts
(tests/board/store.py).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from board.store import digest, made
from builder.machine import acceleration, machine

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "tests/board/guest/agent"
MIRROR = "deb http://deb.debian.org/debian trixie main"
#: What the card image has of networks, and what plays phone and home.
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "zstd", "initramfs-tools"),
    *("network-manager", "wpasupplicant", "dnsmasq-base", "iw", "wireless-regdb", "polkitd"),
    *("hostapd", "busybox-static", "curl", "linux-image-amd64", "avahi-daemon", "avahi-utils"),
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
TABLE = """/dev/vda / ext4 defaults 0 0
/dev/vdb /program ext4 ro 0 0
board /board 9p trans=virtio,version=9p2000.L,msize=262144 0 0
"""
#: Nobody asks for them here, and an emulated processor has other things to do.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "NetworkManager-wait-online.service",
          "hostapd.service", "systemd-networkd.service", "e2scrub_all.timer",
          "e2scrub_reap.service", "bluetooth.service", "dpkg-db-backup.timer")  # fmt: skip

IGNORED = shutil.ignore_patterns("__pycache__", "*.c", "*.o", "*.h")


def missing() -> str:
    """Why there can be no such guest here; "" where there can."""
    if os.geteuid() != 0:
        return "mmdebstrap needs root here"
    for program in ("mmdebstrap", "qemu-system-x86_64", "mke2fs"):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install mmdebstrap qemu-system-x86 e2fsprogs"
    return ""


def debian() -> Path:
    """A folder with root/ (Debian, our dependencies), kernel and initramfs."""

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
        (root / "etc/modules-load.d/9p.conf").write_text("9pnet_virtio\n")
        units = root / "etc/systemd/system"
        shutil.copy(ROOT / "tests/board/guest/board-agent.service", units)
        (units / "multi-user.target.wants").mkdir(exist_ok=True)
        (units / "multi-user.target.wants/board-agent.service").symlink_to("../board-agent.service")
        drop = units / "board-agent.service.d"
        drop.mkdir()
        (drop / "mounts.conf").write_text("[Unit]\nRequiresMountsFor=/board /program\n")
        for unit in MASKED:
            (units / unit).unlink(missing_ok=True)
            (units / unit).symlink_to("/dev/null")
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), folder / "kernel")
        shutil.copy(next((root / "boot").glob("initrd.img-*")), folder / "initramfs")
        _disk(root, folder / "disk.img", 3000)

    return made("radios", digest(PACKAGES, WHEELS, MIRROR, TABLE, MASKED), build)


def _compile(root: Path, site: Path) -> None:
    """Byte code, made here: an emulated processor takes minutes for it."""
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


class RadioGuest:
    """That machine; a context manager. ``home`` is its folder; what is there is used again, so a
    second guest in it is the same box after a restart."""

    def __init__(self, home: Path) -> None:
        base = debian()
        self.share, self.console = home / "share", home / "console"
        if not self.share.exists():
            (self.share / "jobs").mkdir(parents=True)
            shutil.copy(AGENT, self.share)
            program(base, home / "program.img")
            create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw"]
            files = [str(base / "disk.img"), str(home / "disk.qcow2")]
            subprocess.run([*create, "-b", *files], check=True)
        socket_path = home / "agent"
        socket_path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(socket_path))
        listener.listen(1)
        self._process = subprocess.Popen(
            [
                *machine("amd64", 1024),
                "-kernel", str(base / "kernel"), "-initrd", str(base / "initramfs"),
                "-append", "console=ttyS0 root=/dev/vda rw panic=-1 mitigations=off net.ifnames=0 "
                "systemd.default_device_timeout_sec=900 systemd.mask=serial-getty@ttyS0.service",
                "-serial", f"file:{self.console}",
                "-drive", f"if=virtio,file={home / 'disk.qcow2'},format=qcow2",
                "-drive", f"if=virtio,file={home / 'program.img'},format=raw,readonly=on",
                "-fsdev", f"local,id=share,path={self.share},security_model=none",
                "-device", "virtio-9p-pci,fsdev=share,mount_tag=board",
                "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={socket_path}",
                "-device", "virtserialport,chardev=agent,name=agent",
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        listener.settimeout(60)
        self._agent, _ = listener.accept()
        listener.close()
        self._lines = self._agent.makefile("r")
        #: How much slower than a board it may be: nothing here asserts a time.
        self.patience = 1 if acceleration("amd64") == "kvm" else 12
        self._expect("ready", 100 * self.patience)

    def _expect(self, word: str, timeout_s: float) -> str:
        self._agent.settimeout(timeout_s)
        line = self._lines.readline().strip()
        end = self.console.read_text(errors="replace")[-2000:]
        assert line.startswith(word), f"{line!r} in place of {word!r}\n{end}"
        return line.removeprefix(word).strip()

    def run(self, script: str, timeout_s: float = 100) -> tuple[int, str]:
        """Exit code and output of a shell script that root runs there; ``timeout_s`` of a board."""
        job = self.share / "jobs" / f"{len(list((self.share / 'jobs').iterdir())):03}"
        job.mkdir()
        (job / "run").write_text(script + "\n")
        self._agent.sendall(f"{job.name}\n".encode())
        code = int(self._expect(job.name, timeout_s * self.patience))
        said = [(job / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return code, "".join(said)

    def check(self, script: str, timeout_s: float = 100) -> str:
        """Like :meth:`run`, for what must succeed; its output."""
        code, said = self.run(script, timeout_s)
        assert code == 0, f"{script}\nexit code {code}\n{said}"
        return said

    def close(self) -> None:
        """Pull the plug, once what was written is on the disk."""
        self._agent.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> RadioGuest:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
