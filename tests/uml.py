"""A Linux kernel with sound cards and the ALSA sequencer, as one process: see its README.md.

The machine's own files are its root (read-only), so this environment's Python runs in it.
From a terminal: ``python tests/uml.py python tests/alsa/measure_midi.py``.
"""

from __future__ import annotations

import lzma
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KERNEL = Path(os.environ.get("DDSP_EDGE_UML", ROOT.parent / "shared/tools/uml/linux.xz"))
BEGUN, DONE = "uml: begun", "uml: exit code "

INIT = """#!/bin/sh
export PATH={path} HOME=/root PYTHONDONTWRITEBYTECODE=1 TMPDIR=/dev/shm
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
# Unless the repository lies in it.
case {root} in /tmp/*) ;; *) mount -t tmpfs tmp /tmp ;; esac
ip link set lo up 2>/dev/null
cd {root}
echo "{begun}"
{command} </dev/null 2>&1
echo "{done}$?"
echo o > /proc/sysrq-trigger
sleep 5
"""


class Unavailable(RuntimeError):
    """The kernel does not start here; the text says why."""


def missing() -> str:
    """Why there is no such kernel here; "" where there is."""
    if not KERNEL.exists():
        return f"no UML kernel with sound at {KERNEL} (DDSP_EDGE_UML says where else it is)"
    if platform.machine() != "x86_64":
        return "the kernel is for x86_64"
    return ""


def run(command: list[str], timeout_s: float = 300.0) -> tuple[int, str]:
    """Exit code and output of ``command``, run in the repository's root as root of that kernel.

    Raises Unavailable.
    """
    # Not under /tmp: that is another one in there.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        kernel, init = Path(folder, "linux"), Path(folder, "init.sh")
        with lzma.open(KERNEL) as packed, kernel.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        words = {"path": shlex.quote(os.environ["PATH"]), "root": shlex.quote(str(ROOT))}
        init.write_text(INIT.format(**words, command=shlex.join(command), begun=BEGUN, done=DONE))
        for each in (kernel, init):
            each.chmod(0o755)
        boot = "mem=1024M rootfstype=hostfs rootflags=/ ro con=null con0=fd:0,fd:1 ssl=null quiet"
        # Its one processor is several processes that wait for each other (ptrace): on several
        # cores of an idle machine each handover takes so long that the guest's clock runs away
        # from it: its cards starve, and calls that wait fail (seen: an XRUN, glibc's futex).
        one_core = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))]
        process = subprocess.run(
            [*one_core, str(kernel), *boot.split(), f"uml_dir={folder}", f"init={init}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    lines = process.stdout.decode(errors="replace").replace("\r", "").splitlines()
    if BEGUN not in lines:
        raise Unavailable("the UML kernel does not run here: " + " ".join(lines[-5:]))
    code = next((int(x.removeprefix(DONE)) for x in lines if x.startswith(DONE)), None)
    if code is None:
        raise RuntimeError("the kernel did not come to the end:\n" + "\n".join(lines[-40:]))
    return code, "\n".join(line for line in lines if not line.startswith((BEGUN, DONE)))


if __name__ == "__main__":
    if why := missing():
        sys.exit(why)
    words = [sys.executable if word == "python" else word for word in sys.argv[1:]]
    code, said = run(words)
    print(said)
    sys.exit(code)
