"""Debian's packages for the image, as deploy/image/packages lists them, fetched once and kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from board.debian import Apt
from board.store import digest, made

HERE = Path(__file__).resolve().parent
LIST = HERE.parent / "packages"
RELEASE = "trixie"
ARCHS = ("arm64", "amd64")
#: What starts a Raspberry Pi before the kernel. Its scripts are for a running Pi: unpacked only.
FIRMWARE = "raspi-firmware"


def listed(arch: str, text: str | None = None) -> list[str]:
    """Names of the packages for that machine. Raises ValueError where a line gives no reason."""
    found = []
    for number, line in enumerate((text or LIST.read_text()).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip():
            raise ValueError(f"{LIST.name}, line {number}: {name} has no reason beside it")
        only, _, package = name.rpartition(":")
        if only in ("", arch):
            found.append(package)
    return found


def kernel_package(arch: str, realtime: bool = False) -> str:
    """Debian's name of the newest kernel for that machine, with or without PREEMPT_RT."""
    return f"linux-image-{'rt-' if realtime else ''}{arch}"


def packages(arch: str, realtime: bool = False) -> Path:
    """A folder with root/, kernel/ and, for a Raspberry Pi, firmware/: the .deb files of each; the
    one of the PREEMPT_RT kernel has nothing else.

    The key is the list alone, so that nothing is fetched again until it changes.
    """
    names, kernel = listed(arch), kernel_package(arch, realtime)

    def fetch(folder: Path) -> None:
        apt = Apt(folder / "apt", RELEASE, arch, "main non-free-firmware")
        if not realtime:
            apt.download(names, folder / "root")
        (folder / "kernel").mkdir()
        depends = apt("apt-cache", "depends", kernel).split()
        apt.fetch([next(w for w in depends if re.match(r"linux-image-\d", w))], folder / "kernel")
        if arch == "arm64" and not realtime:
            (folder / "firmware").mkdir()
            apt.fetch([FIRMWARE], folder / "firmware")
        shutil.rmtree(folder / "apt")

    kind = f"image-debs-{arch}{'-rt' if realtime else ''}"
    return made(kind, digest(*([] if realtime else [names]), kernel, FIRMWARE, RELEASE), fetch)
