"""A sound card that keeps time where there is none: jackd's dummy driver behind ALSA.

PCM names for any ALSA client with the card's environment:
``jk``        duplex, the card: float, two channels, the server's rate and period
``default``   the same behind ``plug``: any format and rate
``player``    playback into what ``jk`` records (open it when ``jk`` runs)
``recorder``  capture of what ``jk`` plays (likewise)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

START_S = 20.0
#: What ALSA's plug-in and JACK's library say where the server takes no client.
FROM_THE_PLUG_IN = ("Cannot open card-out client", "Cannot connect to server")

_CONFIG = """\
<confdir:alsa.conf>
pcm.jk_out {
    type jack
    name "card-out"
    playback_ports { 0 system:playback_1 1 system:playback_2 }
}
pcm.jk_in {
    type jack
    name "card-in"
    capture_ports { 0 system:capture_1 1 system:capture_2 }
}
pcm.jk { type asym playback.pcm "jk_out" capture.pcm "jk_in" }
pcm.jk_player {
    type jack
    name "player"
    playback_ports { 0 "card-in:in_000" 1 "card-in:in_001" }
}
pcm.jk_recorder {
    type jack
    name "recorder"
    capture_ports { 0 "card-out:out_000" 1 "card-out:out_001" }
}
pcm.player { type plug slave.pcm "jk_player" }
pcm.recorder { type plug slave.pcm "jk_recorder" }
pcm.!default { type plug slave.pcm "jk" }
"""


class Unavailable(RuntimeError):
    """There is no such card here; the text says why."""


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """No other test's server begins meanwhile: a lock on the folder, which leaves no file."""
    handle = os.open("/dev/shm", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def forget_the_dead() -> None:
    """JACK's registry has eight places, and a killed server keeps its own once its number is
    another process's. Where nobody has it any more, the registry starts anew: no server, and no
    client of an earlier one, whose library would go on looking into the old one."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith("jackd"):
                return
            if "/jack-shm-registry" in (process / "maps").read_text():
                return
        except OSError:  # it has just ended
            continue
    Path("/dev/shm/jack-shm-registry").unlink(missing_ok=True)


def can_have_realtime() -> bool:
    """Whether this process may run threads under SCHED_FIFO."""
    found: list[bool] = []

    def attempt() -> None:  # in a thread of its own: nothing else changes
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        except OSError:
            found.append(False)
        else:
            found.append(True)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return found[0]


@dataclass
class JackServer:
    """Runs from :meth:`start` to :meth:`stop`, under a name of its own."""

    folder: Path
    rate: int = 48_000
    period: int = 128
    name: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.name = self.name or f"ddsp{os.getpid()}-{time.monotonic_ns() % 1_000_000}"
        self.log = self.folder / f"{self.name}.log"
        self.config = self.folder / f"{self.name}.conf"

    @property
    def env(self) -> dict[str, str]:
        """What a client of the card has in its environment."""
        return {
            "ALSA_CONFIG_PATH": str(self.config),
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
        }

    def start(self) -> None:
        """Raises Unavailable."""
        for program, package in {"jackd": "jackd2", "jack_lsp": "jackd2"}.items():
            if shutil.which(program) is None:
                raise Unavailable(f"{program} is not installed (apt-get install {package})")
        self.config.write_text(_CONFIG)
        command = ["jackd", "--name", self.name]
        command += ["--realtime", "--realtime-priority", "75"] if can_have_realtime() else ["-r"]
        command += ["-d", "dummy", "-r", str(self.rate), "-p", str(self.period)]
        with self.log.open("wb") as log, _alone():
            forget_the_dead()
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Unavailable("jackd does not start:\n" + self.log.read_text())
            time.sleep(0.1)

    def _answers(self) -> bool:
        env = os.environ | self.env
        found = subprocess.run(["jack_lsp"], env=env, capture_output=True, text=True)
        return "system:playback_2" in found.stdout

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Semaphores of clients that were killed, and of a server that was.
        for left in Path("/dev/shm").glob(f"jack*_{self.name}*"):
            left.unlink(missing_ok=True)
        with _alone():
            forget_the_dead()

    def overloads(self) -> int:
        """How often the driver itself was late, by its own report."""
        return self.log.read_text(errors="replace").count("XRun")


def pcm_opens(env: dict[str, str]) -> str | None:
    """None where ALSA can open the card; else why not.

    Raises RuntimeError where the plug-in is there and the server still takes no client after
    START_S: that is no reason to skip.
    """
    if shutil.which("aplay") is None:
        return "aplay is not installed (apt-get install alsa-utils)"
    command = ["aplay", "-q", "-D", "jk", "-t", "raw", "-f", "FLOAT_LE", "-c", "2", "-r", "48000"]
    deadline = time.monotonic() + START_S
    while True:
        opened = subprocess.run(
            command, env=os.environ | env, input=bytes(8 * 4800), capture_output=True
        )
        if opened.returncode == 0:
            return None
        said = opened.stderr.decode(errors="replace")
        if not any(words in said for words in FROM_THE_PLUG_IN):
            return "ALSA has no jack plug-in (apt-get install libasound2-plugins): " + said
        if time.monotonic() > deadline:
            raise RuntimeError("jackd takes no client: " + said)
        time.sleep(0.1)
