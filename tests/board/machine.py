"""The emulated board: QEMU's arm64 machine with one processor, its disk and a loopback card.

Time on the board is counted in instructions, one a nanosecond (``-icount shift=0``), however slow
this machine is meanwhile; while nothing runs there it goes on with the clock (``sleep=on``, so that
waiting for this machine's disk takes what it takes). So a second of sound on the board may take ten
here, yet the board's drivers, timers and threads see a steady processor of 1000 million
instructions a second: slower than a Raspberry Pi 4, near a Cortex-A53 at 1.4 GHz.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from board.debian import python_version
from board.image import boot_files, disk
from board.wheels import install, our_wheel

GUEST = Path(__file__).resolve().parent / "guest"
QEMU = "qemu-system-aarch64"
MEMORY_MB = 2048
#: Where Debian's Python looks for what is not Debian's.
SITE = "/usr/local/lib/python{}/dist-packages"


@dataclass(frozen=True)
class Finished:
    """What a job on the board came to."""

    code: int
    out: str
    err: str


class BoardError(RuntimeError):
    """The board does not answer; the text ends with its console."""


class Board:
    """A running board; a context manager.

    ``share`` is the folder that both sides see; ``port`` here leads to the board's sshd.
    """

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="board-")
        home = Path(self._home.name)
        self.share = home / "share"
        (self.share / "jobs").mkdir(parents=True)
        self.console = home / "console.log"
        shutil.copy(GUEST / "agent", self.share)
        install([our_wheel()], self.share / "site")
        self.port = _free_port()
        files = boot_files()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(home / "agent"))
        listener.listen(1)
        self._process = subprocess.Popen(
            [
                # It ends with this process, however that ends.
                "setpriv", "--pdeathsig", "KILL",
                QEMU, "-M", "virt", "-cpu", "cortex-a72", "-smp", "1", "-m", str(MEMORY_MB),
                "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=on",
                "-nodefaults", "-display", "none", "-no-reboot",
                "-kernel", str(files / "kernel"), "-initrd", str(files / "initramfs"),
                "-append", "console=ttyAMA0 loglevel=4 panic=-1 mitigations=off net.ifnames=0",
                "-serial", f"file:{self.console}",
                "-drive", f"if=none,id=disk,file={disk()},format=raw,readonly=on",
                "-device", "virtio-blk-pci,drive=disk",
                "-object", "rng-random,filename=/dev/urandom,id=rng",
                "-device", "virtio-rng-pci,rng=rng",
                "-fsdev", f"local,id=share,path={self.share},security_model=none",
                "-device", "virtio-9p-pci,fsdev=share,mount_tag=board",
                "-netdev", "user,id=net,restrict=on,"
                f"hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:22",
                "-device", "virtio-net-pci,netdev=net,romfile=",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=agent,path={home / 'agent'}",
                "-device", "virtserialport,chardev=agent,name=agent",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        listener.settimeout(30)
        self._agent, _ = listener.accept()
        listener.close()
        self._lines = self._agent.makefile("r", encoding="utf-8")
        self._jobs = 0
        self._unanswered = ""
        self._expect("ready", 600)
        # Away from the shared folder, whose every access waits for this machine.
        self.check(f"cp -a /board/site/* {SITE.format(python_version())}")

    def _expect(self, word: str, timeout_s: float) -> str:
        self._agent.settimeout(timeout_s)
        try:
            line = self._lines.readline().strip()
        except TimeoutError:
            line = ""
        if not line.startswith(word):
            console = self.console.read_text(errors="replace")[-3000:]
            said = ""
            if self._process.poll() is not None and self._process.stderr is not None:
                said = self._process.stderr.read().decode(errors="replace")
            raise BoardError(f"no {word!r} from the board in {timeout_s:g} s\n{said}{console}")
        return line.removeprefix(word).strip()

    def run(self, script: str, timeout_s: float = 1800) -> Finished:
        """Run a shell script as root; its working folder is ``self.job`` here. Raises BoardError
        where the board does not answer, and from then on at once."""
        if self._unanswered:
            raise BoardError(f"the board has never answered job {self._unanswered}")
        self._jobs += 1
        name = self._unanswered = f"{self._jobs:03}"
        self.job = self.share / "jobs" / name
        self.job.mkdir()
        (self.job / "run").write_text(script + "\n")
        self._agent.sendall(f"{name}\n".encode())
        code = int(self._expect(name, timeout_s))
        self._unanswered = ""
        texts = [(self.job / stream).read_text(errors="replace") for stream in ("stdout", "stderr")]
        return Finished(code, *texts)

    def check(self, script: str, timeout_s: float = 1800) -> str:
        """Like :meth:`run`, for what must succeed; its standard output."""
        done = self.run(script, timeout_s)
        if done.code != 0:
            raise BoardError(f"{script}\nexit code {done.code}\n{done.out}\n{done.err}")
        return done.out

    def put(self, source: Path, name: str) -> None:
        """Copy a file or folder to /board/``name``."""
        target = self.share / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    def close(self) -> None:
        """Switch off."""
        self._agent.close()
        self._process.terminate()
        self._process.wait(30)
        self._home.cleanup()

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
