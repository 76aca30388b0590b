"""The boot partition's files: Raspberry Pi's firmware, its settings, kernel and device trees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from builder import boot
from builder.debs import packages

#: Quiet on the screen; the log is in the journal. Nothing waits for a console. kpti=0 is of
#: mitigations=off, which leaves it on where the kernel's place in memory is random. Huge pages
#: would have the kernel keep some 50 MB free to make them of, and move memory about meanwhile.
_ALL = "loglevel=4 panic=10 mitigations=off transparent_hugepage=never net.ifnames=0"
CMDLINE = {
    "arm64": f"console=tty1 quiet {_ALL} kpti=0 systemd.show_status=no",
    "amd64": f"console=ttyS0 {_ALL} systemd.show_status=no",
}
#: Of Debian's device trees those of boards that the kernel drives: of a Raspberry Pi 5 it has no
#: USB (6.12), so that it cannot play.
BOARDS = ("bcm2837-rpi-3-a-plus", "bcm2837-rpi-3-b", "bcm2837-rpi-3-b-plus", "bcm2837-rpi-cm3-io3",
          "bcm2837-rpi-zero-2-w", "bcm2711-rpi-4-b", "bcm2711-rpi-400",
          "bcm2711-rpi-cm4-io")  # fmt: skip
#: With gpu_mem=16 the firmware takes the cut-down pair (_cd, 4cd).
FIRMWARE = ("bootcode.bin", "start.elf", "start4.elf", "fixup.dat", "fixup4.dat",
            "start_cd.elf", "start4cd.elf", "fixup_cd.dat", "fixup4cd.dat")  # fmt: skip
CONFIG = Path(__file__).resolve().parent.parent / "config.txt"


def boot_files(arch: str, folder: Path, cmdline: str, realtime: bool = False) -> None:
    """Put into ``folder``, beside the initramfs that is there, all that the firmware reads."""
    kernel = boot.kernel(arch, realtime)
    shutil.copy(next((kernel / "boot").glob("vmlinuz-*")), folder / "kernel")
    (folder / "cmdline.txt").write_text(f"{cmdline}\n")
    if arch != "arm64":
        return
    trees = next((kernel / "usr/lib").glob("linux-image-*")) / "broadcom"
    for board in BOARDS:
        shutil.copy(trees / f"{board}.dtb", folder)
    shutil.copy(CONFIG, folder)
    debs = packages(arch)
    deb = next((debs / "firmware").glob("*.deb"))
    unpacked = folder / ".firmware"
    subprocess.run(["dpkg-deb", "-x", str(deb), str(unpacked)], check=True)
    there = unpacked / "usr/lib/raspi-firmware"
    for name in FIRMWARE:
        shutil.copy(there / name, folder)
    (folder / "LICENCE.broadcom").write_bytes(
        (unpacked / "usr/share/doc/raspi-firmware/copyright").read_bytes()
    )
    shutil.rmtree(unpacked)
