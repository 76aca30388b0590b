"""A card image in QEMU: started as a board would, reached by ssh as its user would.

The image is never written to: a machine gets a copy, into whose boot partition the files go that
Raspberry Pi Imager would have written. What a Raspberry Pi's firmware reads there (kernel,
initramfs, command line) is handed to QEMU from the folder beside the image.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from builder.card import SECTOR, START
from builder.machine import QEMU, acceleration, machine

USER = "anna"


class CardMachine:
    """A machine with that card; a context manager that switches it off.

    ``card`` is its copy, ``console`` what the kernel wrote, ``sound`` the WAV file of its card.
    ``counted``: time there is counted in instructions, one a nanosecond, on one core
    (tests/board/machine.py), as far as the accelerator can.
    """

    def __init__(
        self, image: Path, home: Path, arch: str = "arm64", counted: bool = False,
        card_mb: int = 4096, append: str = "", more: tuple[str, ...] = (), memory_mb: int = 1024,
    ) -> None:  # fmt: skip
        self.home, self.arch, self.image = home, arch, image
        self.counted, self.append, self.more, self.memory_mb = counted, append, more, memory_mb
        self.card = home / "card.img"
        self.console, self.sound, self.key = home / "console", home / "sound.wav", home / "key"
        home.mkdir(parents=True, exist_ok=True)
        if not self.card.exists():
            subprocess.run(["cp", "--sparse=always", str(image), str(self.card)], check=True)
            os.truncate(self.card, card_mb << 20)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)],
                           check=True)  # fmt: skip
            self._write_as_imager()
        self._process: subprocess.Popen[bytes] | None = None
        self._login: subprocess.Popen[bytes] | None = None
        # A socket's path may not be longer than a hundred letters, of which ssh takes some.
        self._socket = home / "s"

    def _write_as_imager(self) -> None:
        public = self.key.with_suffix(".pub").read_text().strip()
        (self.home / "user-data").write_text(
            f"#cloud-config\nhostname: stage-left\nuser:\n  name: {USER}\n  shell: /bin/bash\n"
            f'  ssh_authorized_keys:\n    - "{public}"\n  sudo: null\n'
            "timezone: Europe/Berlin\nssh_pwauth: false\n"
        )
        self.put_into_boot(self.home / "user-data")

    def put_into_boot(self, *files: Path) -> None:
        """Copy files into the card's boot partition, as a computer with a card reader does."""
        at = f"{self.card}@@{START * SECTOR}"
        subprocess.run(["mcopy", "-o", "-i", at, *map(str, files), "::"], check=True)

    def start(self) -> None:
        """Switch on, with a new console."""
        self.console.unlink(missing_ok=True)
        side = self.image.with_name(f"{self.image.stem}-boot")
        command = machine(self.arch, self.memory_mb)
        if self.counted and acceleration(self.arch) == "tcg":
            command[command.index("-accel") + 1] = "tcg,thread=single"
            command[command.index("-smp") + 1] = "1"
            command += ["-icount", "shift=0,sleep=on"]
        line = {"arm64": "ttyAMA0", "amd64": "ttyS0"}[self.arch]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command += [
            "-kernel", str(side / "kernel"), "-initrd", str(side / "initramfs"), "-append",
            f"{(side / 'cmdline.txt').read_text().strip()} console={line} {self.append}",
            "-serial", f"file:{self.console}",
            "-drive", f"if=none,id=card,file={self.card},format=raw",
            "-device", "virtio-blk-pci,drive=card",
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            # As on a Raspberry Pi: what a board has of sound is on USB.
            "-audiodev", f"wav,id=sound,path={self.sound}",
            "-device", "qemu-xhci", "-device", "usb-audio,audiodev=sound",
            *self.more,
        ]  # fmt: skip
        assert QEMU[self.arch] in command
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """Pull the plug."""
        for process in (self._process, self._login):
            if process is not None:
                process.kill()
                process.wait()
        self._process = self._login = None
        self._socket.unlink(missing_ok=True)

    def __enter__(self) -> CardMachine:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _ssh(self) -> list[str]:
        return ["ssh", "-q", "-i", str(self.key), "-p", str(self.port), "-F", "none",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "ConnectTimeout=120", "-o", "BatchMode=yes",
                "-S", str(self._socket), f"{USER}@127.0.0.1"]  # fmt: skip

    def wait(self, timeout_s: float = 2400) -> None:
        """Until its user is logged in, once for all that :meth:`run` runs: a login costs seconds of
        the machine's. Raises AssertionError with the console's end otherwise."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            assert self._process is not None and self._process.poll() is None, self.said()
            if self._login is None or self._login.poll() is not None:
                self._login = subprocess.Popen([*self._ssh(), "-M", "-N"], stdin=subprocess.DEVNULL)
            time.sleep(2)
            if self._socket.exists():
                return
        raise AssertionError(f"nobody can log in after {timeout_s:g} s\n{self.said()}")

    def wait_for(self, words: str, timeout_s: float = 1500) -> None:
        """Until the console has said it. Raises AssertionError with the console's end otherwise."""
        until = time.monotonic() + timeout_s
        while not self.console.exists() or words not in self.console.read_text(errors="replace"):
            assert self._process is not None and self._process.poll() is None, self.said()
            assert time.monotonic() < until, f"not said in {timeout_s:g} s: {words}\n{self.said()}"
            time.sleep(0.2)

    def said(self) -> str:
        """The end of what the kernel wrote."""
        return self.console.read_text(errors="replace")[-4000:] if self.console.exists() else ""

    def run(self, script: str, check: bool = True, timeout_s: float = 600) -> str:
        """What a script that its user runs there prints."""
        done = subprocess.run([*self._ssh(), "sh", "-s"], input=script, capture_output=True,
                              text=True, timeout=timeout_s)  # fmt: skip
        assert not check or done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def put(self, source: Path, target: str) -> None:
        """Copy a file there."""
        with source.open("rb") as data:
            subprocess.run([*self._ssh(), f"cat >{target}"], stdin=data, check=True, timeout=600)
