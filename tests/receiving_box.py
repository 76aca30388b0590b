"""A real sshd on loopback, whose only key may run `ddsp-edge receive` and nothing else."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddsp_edge.remote import signing

ROOT = Path(__file__).resolve().parents[1]
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Device:
    """Where it keeps things; `pedal` is its name for the client's ssh."""

    folder: Path
    policy: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def socket(self) -> Path:
        return self.folder / "control.sock"

    def obey(self, **keys: str | bool) -> None:
        """Write its deploy.toml."""
        lines = {"models": str(self.models), "socket": str(self.socket), **keys}
        text = [f"{k} = {str(v).lower() if v is True or v is False else repr(v)}"
                for k, v in lines.items()]  # fmt: skip
        self.policy.write_text("\n".join(text).replace("'", '"') + "\n")

    @property
    def receive(self) -> list[str]:
        return [sys.executable, "-m", "ddsp_edge", "receive", "--policy", str(self.policy)]


@pytest.fixture
def device(tmp_path: Path) -> Device:
    """Without ssh: its receiving command can be started by hand."""
    folder = tmp_path / "device"
    folder.mkdir()
    made = Device(folder, folder / "deploy.toml")
    made.obey()
    return made


def _key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="session")
def keys(tmp_path_factory) -> tuple[Path, Path]:
    """Two key pairs."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen (Debian: openssh-client)")
    folder = tmp_path_factory.mktemp("keys")
    return _key(folder / "ours"), _key(folder / "theirs")


@pytest.fixture
def trusted(tmp_path: Path, keys) -> Path:
    """An allowed_signers file with our key."""
    kind, key = keys[0].with_suffix(".pub").read_text().split()[:2]
    path = tmp_path / "allowed_signers"
    path.write_text(f'luthier@workshop namespaces="{signing.NAMESPACE}" {kind} {key}\n')
    return path


@pytest.fixture
def pedal(device: Device, keys, tmp_path: Path, monkeypatch) -> Iterator[Device]:
    """The device behind a real sshd; `ssh pedal` reaches it and only it."""
    command = f"cd {ROOT} && exec {' '.join(device.receive)}"
    with sshd(tmp_path / "ssh", keys, command, monkeypatch):
        yield device


@pytest.fixture
def lv2_box(keys, tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A box without ddsp-edge behind a real sshd, as `ssh pedal`: its user's home."""
    home = tmp_path / "box"
    home.mkdir()
    shell = tmp_path / "box-shell"
    shell.write_text(f'#!/bin/sh\nexport HOME={home}\ncd\neval "$SSH_ORIGINAL_COMMAND"\n')
    shell.chmod(0o755)
    with sshd(tmp_path / "ssh", keys, str(shell), monkeypatch):
        yield home


@contextlib.contextmanager
def sshd(folder: Path, keys, command: str, monkeypatch) -> Iterator[None]:
    """A server on loopback that runs ``command`` for our key; ``ssh pedal`` reaches it."""
    if SSHD is None:
        pytest.skip("no sshd (Debian: openssh-server)")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # privilege separation wants it
    folder.mkdir()
    host_key = _key(folder / "host")
    public = keys[0].with_suffix(".pub").read_text()
    (folder / "authorized").write_text(f'restrict,command="{command}" {public}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}")
    (folder / "config").write_text(
        f"Host pedal pedal-2\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n"
        f" IdentityFile {keys[0]}\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n"
        " StrictHostKeyChecking yes\n"
        f"Host stranger\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n"
        f" IdentityFile {keys[1]}\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n"
        f"Host impostor\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n"
        f" IdentityFile {keys[0]}\n UserKnownHostsFile {folder}/none\n"
        " StrictHostKeyChecking yes\n"
        "Host off\n HostName 127.0.0.1\n Port 1\n"
    )
    monkeypatch.setenv("DDSP_EDGE_SSH", f"ssh -F {folder}/config")
    log = (folder / "log").open("wb")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()
        log.close()
