"""`ssh pi@pedal.local`: the user's own ssh_config and key, and the same key on the board."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from board.machine import Board
from board.wheels import ROOT

HOST = "pedal.local"
#: What Debian's packages do when they are configured, and what Raspberry Pi Imager asks for.
FIRST_START = """
set -e
chown root:root /usr/bin/sudo /etc/sudoers /etc/sudoers.d /etc/sudoers.d/*
chmod 4755 /usr/bin/sudo; chmod 440 /etc/sudoers /etc/sudoers.d/*; chmod 600 /etc/shadow
chmod 755 /home
mkdir -p /home/pi/.ssh && cp /board/ssh/key.pub /home/pi/.ssh/authorized_keys
chown -R pi:pi /home/pi && chmod 700 /home/pi /home/pi/.ssh
[ -e /etc/ssh/ssh_host_ed25519_key ] ||
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
systemctl restart ssh.service
cat /etc/ssh/ssh_host_ed25519_key.pub"""


@dataclass(frozen=True)
class Login:
    """The user's end of ssh, in ``folder``."""

    folder: Path

    @property
    def ssh(self) -> list[str]:
        return ["ssh", "-F", str(self.folder / "config")]

    def shell(self, command: str, timeout_s: float = 900) -> str:
        """What a command on the board prints; its failure is ours."""
        done = subprocess.run(
            [*self.ssh, f"pi@{HOST}", command], capture_output=True, text=True, timeout=timeout_s
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def ddsp_edge(self, *words: object, timeout_s: float = 900) -> str:
        """What ``ddsp-edge`` here prints, sent to the board over this ssh; its failure is ours."""
        done = subprocess.run(
            [sys.executable, "-m", "ddsp_edge", *map(str, words)],
            cwd=ROOT, capture_output=True, text=True, timeout=timeout_s,
            env={**os.environ, "DDSP_EDGE_SSH": " ".join(self.ssh)},
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


def log_in(board: Board, folder: Path) -> Login:
    """Make a key, give it to the board, know the board's own key. ``folder`` exists."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    board.put(key.with_suffix(".pub"), "ssh/key.pub")
    host_key = board.check(FIRST_START).strip()
    (folder / "known").write_text(f"[127.0.0.1]:{board.port} {host_key}\n")
    (folder / "config").write_text(
        f"Host {HOST}\n HostName 127.0.0.1\n Port {board.port}\n User pi\n IdentityFile {key}\n"
        f" IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n StrictHostKeyChecking yes\n"
        " ConnectTimeout 120\n"
    )
    return Login(folder)
