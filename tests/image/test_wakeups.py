"""How late the audio thread would be woken on Debian's two kernels, beside others' work.

Kernel and busybox alone, on QEMU's arm64 machine; its clock counts instructions, one a nanosecond,
so what is told is the kernel's own path, not this computer's: no cache, no memory, one core.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builder import boot
from builder.base import busybox_of
from builder.debs import packages
from builder.machine import machine

HERE = Path(__file__).resolve().parent
#: 256 samples at 48 kHz each: eight seconds.
PERIODS = 1500
#: Pages are written and freed, processes made, file systems mounted and removed, all at once.
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
echo "KERNEL $(uname -v)"
while :; do dd if=/dev/zero of=/run/zero bs=64k count=200 2>/dev/null; done &
while :; do ls -R /proc >/dev/null 2>&1; done &
while :; do mount -t tmpfs t /mnt && cp /bin/busybox /mnt/ && umount /mnt; done &
/wakeups {PERIODS}
poweroff -f
"""


@pytest.mark.parametrize("realtime", [False, True], ids=["usual", "rt"])
def test_every_period_is_woken_beside_other_work(realtime: bool, tmp_path: Path) -> None:
    """Prints the figures of docs/image.md."""
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    if compiler is None:
        pytest.skip("no cross compiler for arm64 (sh deploy/set-up.sh board)")
    root = tmp_path / "root"
    (root / "mnt").mkdir(parents=True)
    source = str(HERE / "guest/wakeups.c")
    subprocess.run([compiler, "-O2", "-static", "-o", str(root / "wakeups"), source], check=True)
    kernel, first = boot.kernel("arm64", realtime), tmp_path / "initramfs"
    boot.initramfs(kernel, busybox_of(packages("arm64"), tmp_path), INIT, (), first, {})
    # One archive after the other: the kernel reads both.
    more = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=root,
                          input=b"mnt\nwakeups\n", stdout=subprocess.PIPE, check=True)  # fmt: skip
    with first.open("ab") as archive:
        archive.write(b"\0" * (-first.stat().st_size % 4) + more.stdout)
    command = machine("arm64", 512, 1)
    command[command.index("-accel") + 1] = "tcg,thread=single"
    command += [
        "-icount", "shift=0,sleep=on", "-kernel", str(next((kernel / "boot").glob("vmlinuz-*"))),
        "-initrd", str(first), "-serial", f"file:{tmp_path / 'console'}",
        "-append", "console=ttyAMA0 quiet panic=-1 mitigations=off kpti=0",
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=1500, stdin=subprocess.DEVNULL)
    said = (tmp_path / "console").read_text(errors="replace")
    assert ("PREEMPT_RT" in said.partition("KERNEL ")[2].splitlines()[0]) == realtime, said
    found = re.search(r"WAKEUPS ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)", said)
    assert found is not None, said
    median, _, _, longest = map(float, found.groups())
    print("\nPREEMPT_RT" if realtime else "\nusual kernel", found[0], "us")
    assert 0 < median <= longest < 1e6 * PERIODS * 256 / 48000
