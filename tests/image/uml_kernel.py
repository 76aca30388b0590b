"""User-Mode Linux with radios, USB and sound: a kernel as a process, at native speed, with KVM or
without.

Debian's own (user-mode-linux) has none of them. This one is built from Debian's kernel sources,
once (minutes), and kept beside the emulated board's parts (tests/board/store.py).
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from board.store import digest, made

CONFIG = Path(__file__).resolve().parent / "guest/uml.config"
SOURCES = sorted(Path("/usr/src").glob("linux-source-*.tar.xz"))
TOOLS = {
    "gcc": "gcc", "make": "make", "flex": "flex", "bison": "bison", "bc": "bc", "xz": "xz-utils",
}  # fmt: skip
#: File, words and what is there instead. Sound does build there; newer processors have registers
#: for which the kernel of Debian 12 has no room: without it no program starts.
CHANGES = (
    ("sound/Kconfig", "if !UML\n", "if y\n"),
    ("arch/x86/um/user-offsets.c", "(HOST_FP_SIZE, 2696)", "(HOST_FP_SIZE, 11520)"),
)
MODULE = "drivers/usb/gadget/udc/dummy_hcd.ko"


def missing() -> str:
    """Why there can be no such kernel here; "" where there can."""
    if platform.machine() != "x86_64":
        return "User-Mode Linux is for x86_64"
    if not SOURCES:
        return "Debian's kernel sources are missing: apt-get install linux-source"
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            return f"{tool} is missing: apt-get install {package}"
    return ""


def kernel() -> Path:
    """The folder with the program ``linux`` and the module ``dummy_hcd.ko``."""

    def build(folder: Path) -> None:
        tree = folder / "tree"
        tree.mkdir()
        unpack = ["tar", "-x", "-f", str(SOURCES[-1]), "-C", str(tree), "--strip-components=1"]
        subprocess.run(unpack, check=True)
        for name, old, new in CHANGES:
            text = (tree / name).read_text()
            if old in text:  # else these sources need it no more
                (tree / name).write_text(text.replace(old, new))
        make = ["make", "-s", "ARCH=um"]
        merge = ["sh", "scripts/kconfig/merge_config.sh", "-m", ".config", str(CONFIG)]
        for words in ([*make, "x86_64_defconfig"], merge, [*make, "olddefconfig"]):
            subprocess.run(words, cwd=tree, check=True, stdout=subprocess.DEVNULL)
        jobs = f"-j{os.cpu_count() or 1}"
        subprocess.run([*make, jobs, "linux", "modules"], cwd=tree, check=True)
        for name in ("linux", MODULE):
            (tree / name).rename(folder / Path(name).name)
        shutil.rmtree(tree)

    return made("uml-kernel", digest(SOURCES[-1].name, CONFIG, CHANGES), build)
