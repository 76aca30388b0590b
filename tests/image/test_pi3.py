"""The card in QEMU's Raspberry Pi 3B: from its SD controller to our service and a USB sound card.

QEMU has no Raspberry Pi firmware, so kernel, initramfs and device tree are handed over; the rest is
the board's: SD host, USB host (dwc2), serial line. It has one core (``enabled-cpus=1``): the kernel
cannot start QEMU's others, and while they wait each of them is as busy as the first. Its watchdog
is left alone (``module_blacklist``): QEMU's resets the board as soon as it is switched on. Time
there is counted in instructions, so that systemd does not give up where this computer is busy.
Sound does not come out of its USB card: that needs a real board.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from image.test_boot import image

LIMIT_S = 2400


def test_a_pi_3_starts_from_its_card_and_finds_its_usb_sound_card(tmp_path: Path) -> None:
    made = image()
    card, said = tmp_path / "card.img", [tmp_path / "uart0", tmp_path / "uart1"]
    subprocess.run(["cp", "--sparse=always", str(made), str(card)], check=True)
    os.truncate(card, 4096 << 20)  # SD cards have sizes of powers of two, QEMU says
    side = made.with_name(f"{made.stem}-boot")
    command = [
        "setpriv", "--pdeathsig", "KILL", "qemu-system-aarch64", "-M", "raspi3b", "-m", "1G",
        "-smp", "4", "-global", "bcm2837.enabled-cpus=1", "-accel", "tcg,thread=single",
        "-icount", "shift=0,sleep=on", "-display", "none", "-no-reboot",
        "-kernel", str(side / "kernel"), "-initrd", str(side / "initramfs"),
        "-dtb", str(side / "bcm2837-rpi-3-b.dtb"), "-append",
        f"{(side / 'cmdline.txt').read_text().strip()} console=ttyAMA0,115200 console=ttyS1,115200 "
        "loglevel=7 maxcpus=1 module_blacklist=bcm2835_wdt systemd.journald.forward_to_console=1",
        "-serial", f"file:{said[0]}", "-serial", f"file:{said[1]}",
        "-drive", f"if=sd,file={card},format=raw",
        "-audiodev", "none,id=sound", "-device", "usb-audio,audiodev=sound",
    ]  # fmt: skip
    wanted = (
        "ddsp-edge: slot a of /dev/mmcblk",
        "Raspberry Pi 3 Model B",
        "New USB device strings",
        "QEMU USB Audio",
        "Started ddsp-edge.service",
    )
    pi = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + LIMIT_S
        missing = list(wanted)
        while missing and time.monotonic() < until and pi.poll() is None:
            time.sleep(5)
            text = "".join(path.read_text(errors="replace") for path in said if path.exists())
            missing = [words for words in wanted if words not in text]
        assert missing == [], text[-4000:]
    finally:
        pi.kill()
        pi.wait()
