"""The audio thread on ALSA's own kernel drivers, inside a User-Mode-Linux kernel.

Skips where that kernel is not (``../shared/tools/uml/linux.xz``, or DDSP_EDGE_UML). The
machine's files are its root, read-only; it runs ``uml_measure.py`` and ends.
"""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = Path(os.environ.get("DDSP_EDGE_UML", ROOT.parent / "shared/tools/uml/linux.xz"))

INIT = """\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PYTHONDONTWRITEBYTECODE=1
cd {root} && PYTHONPATH={root} {python} tests/realtime/uml_measure.py
echo o > /proc/sysrq-trigger
sleep 5
"""


@pytest.mark.skipif(not KERNEL.exists(), reason=f"no UML kernel with sound at {KERNEL}")
def test_kernel_drivers_start_linked_in_every_format(tmp_path: Path) -> None:
    kernel, init = tmp_path / "linux", tmp_path / "init.sh"
    kernel.write_bytes(lzma.decompress(KERNEL.read_bytes()))
    init.write_text(INIT.format(root=ROOT, python=sys.executable))
    kernel.chmod(0o755)
    init.chmod(0o755)
    command = [str(kernel), "mem=1024M", "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}"]
    command += [f"uml_dir={tmp_path}"]  # else in the user's home
    command += ["con=null", "con0=fd:0,fd:1", "ssl=null", "quiet"]
    ran = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("UML")]
    if not lines:
        pytest.skip("the UML kernel does not run here: " + ran.stdout[-200:])
    assert "hw:CARD=Dummy S16/S16 128x3 linked=True" in lines[0]
    for line, name in zip(lines[1:], ("FLOAT", "S32", "S24_3", "S24", "S16"), strict=True):
        assert f"hw:CARD=Loopback {name}/{name} 1024x3 linked=True" in line
        heard = re.search(r"linked=True ([0-9.]+) s in", line)
        assert heard is not None and float(heard[1]) > 1.0  # it runs; how well is for the eye
