"""A box with three radios in the air: Debian 13 with NetworkManager, our units and our program.

The radios are mac80211_hwsim's: the box has the first, a phone and a home's access point have the
others, each in a network namespace of its own. The machine is User-Mode Linux (uml_kernel.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

from image import debian_box, power_card, uml_kernel

#: For a start that takes some seconds of an idle machine.
START_S = 300.0


class RadioBox:
    """That machine; a context manager. ``home`` is its folder; what is there is used again, so a
    second one in it is the same box after a restart."""

    def __init__(self, home: Path) -> None:
        self.share, self.console = home / "share", home / "console"
        linux, base = uml_kernel.kernel() / "linux", debian_box.debian()
        if not self.share.exists():
            (self.share / "jobs").mkdir(parents=True)
            (home / "own").mkdir()
            debian_box.program(base, home / "program.img")
        (self.share / "ready").unlink(missing_ok=True)
        # What the box writes goes into the first file, beside Debian's disk.
        drives = {"ubd0": f"{home / 'changes'},{base / 'disk.img'}",
                  "ubd1r": str(home / "program.img")}  # fmt: skip
        command = power_card.uml(
            drives, home / "own", "root=/dev/ubda", "rw", "init=/lib/systemd/systemd",
            "mac80211_hwsim.radios=3", "net.ifnames=0", "systemd.default_device_timeout_sec=300",
            f"ddsp.work={self.share}", memory_mb=768, program=linux,
        )  # fmt: skip
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True,
            )  # fmt: skip
        self._until(self.share / "ready", START_S)

    def _until(self, path: Path, timeout_s: float) -> None:
        ends_s = time.monotonic() + timeout_s
        while not path.exists():
            end = self.console.read_text(errors="replace")[-3000:]
            assert self._process.poll() is None, f"the machine has stopped\n{end}"
            assert time.monotonic() < ends_s, f"no {path.name} after {timeout_s:g} s\n{end}"
            time.sleep(0.05)

    def run(self, script: str, timeout_s: float = 300) -> tuple[int, str]:
        """Exit code and output of a shell script that root runs there."""
        job = self.share / "jobs" / f"{len(list((self.share / 'jobs').iterdir())):03}"
        job.mkdir()
        (job / "new").write_text(script + "\n")
        (job / "new").rename(job / "run")
        self._until(job / "code", timeout_s)
        said = [(job / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return int((job / "code").read_text()), "".join(said)

    def check(self, script: str, timeout_s: float = 300) -> str:
        """Like :meth:`run`, for what must succeed; its output."""
        code, said = self.run(script, timeout_s)
        assert code == 0, f"{script}\nexit code {code}\n{said}"
        return said

    def close(self) -> None:
        """Pull the plug."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> RadioBox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
