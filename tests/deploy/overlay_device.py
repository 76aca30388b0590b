"""A device to set up: this machine's own Debian seen through an overlay, with an sshd of its own.

Whatever is installed there lands in a folder of the test and is gone after it; processes see
only their own. No systemd runs there: units are enabled but not started.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
#: Logs, caches and lists of the system's own programs, and its backups of the list of users.
NOISE = ("/var/cache", "/var/log", "/var/lib/apt", "/var/lib/dpkg", "/tmp", "/root", "/home",
         "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-",
         "/etc/subgid-", "/etc/.pwd.lock")  # fmt: skip


class Unavailable(Exception):
    """Why there can be no such device here."""


class OverlayDevice:
    """``ssh -F config device`` reaches it as root. Raises Unavailable."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise Unavailable("only root may mount an overlay")
        for program in ("unshare", "ssh-keygen", "apt-get", "/usr/bin/python3"):
            if shutil.which(program) is None:
                raise Unavailable(f"{program} is not here")
        if SSHD is None:
            raise Unavailable("no sshd (Debian: openssh-server)")
        self.folder, self.root = folder, folder / "root"
        disk = folder / "disk"
        for path in (self.root, disk):
            path.mkdir(parents=True)
        # The upper layer must not lie on an overlay itself.
        self._run("mount", "-t", "tmpfs", "-o", "size=3g", "none", str(disk))
        try:
            (disk / "up").mkdir()
            (disk / "work").mkdir()
            self._port = _free_port()
            self._ssh_files()
            self._start(disk)
        except BaseException:
            self.close()
            raise

    def _run(self, *words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable(f"{' '.join(words)}: {done.stderr.strip()}")

    def _ssh_files(self) -> None:
        for name in ("key", "host"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name))
        (self.folder / "sshd_config").write_text(
            f"Port {self._port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\n"
            f"PidFile none\nAuthorizedKeysFile {self.folder}/key.pub .ssh/authorized_keys\n"
            f"StrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            "Subsystem sftp internal-sftp\n"
        )
        public = (self.folder / "host.pub").read_text()
        (self.folder / "known").write_text(f"[127.0.0.1]:{self._port} {public}")
        self.config = self.folder / "config"
        self.config.write_text(self.entry("device", "root", self.folder / "key"))

    def entry(self, names: str, user: str, key: Path) -> str:
        """Of an ssh_config: how it is reached; without ``user``, who logs in stands elsewhere."""
        return (
            f"Host {names}\n HostName 127.0.0.1\n Port {self._port}\n"
            f"{f' User {user}' if user else ''}\n"
            f" IdentityFile {key}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.folder}/known\n StrictHostKeyChecking yes\n"
        )

    def _start(self, disk: Path) -> None:
        script = (
            f"mount -t overlay overlay -o lowerdir=/,upperdir={disk}/up,workdir={disk}/work "
            f"{self.root} && mount --bind {self.folder} {self.root}{self.folder} && "
            f"mount -t proc proc {self.root}/proc && mount --rbind /dev {self.root}/dev && "
            # Root's start-up files of the shell are this machine's, not a bare device's.
            f"mount -t tmpfs none {self.root}/root && "
            f"mount -t tmpfs none {self.root}/run && mkdir {self.root}/run/sshd && "
            f"mkdir -p {self.root}/etc/udev/rules.d && "  # every board has udev
            f"exec chroot {self.root} {SSHD} -D -e -f {self.folder}/sshd_config"
        )
        (disk / "up" / str(self.folder)[1:]).mkdir(parents=True)
        for each in self.folder.parents[:-1]:  # /tmp is everybody's there too
            shutil.copystat(each, disk / "up" / str(each)[1:])
        self._log = (self.folder / "log").open("wb")
        self._server = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stderr=self._log,
            stdout=self._log,
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if self._server.poll() is not None:
                break
            time.sleep(0.05)
        raise Unavailable((self.folder / "log").read_text().strip() or "sshd does not start")

    def ssh(self, command: str) -> str:
        """What a command there prints; its failure is ours."""
        done = subprocess.run(
            ["ssh", "-F", str(self.config), "device", command], capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def debians_kernel(self) -> Iterator[None]:
        """It says that its kernel is Debian's own, which has no drivers for HATs."""
        self.ssh(
            "echo 'Linux version 6.12.57 (debian-kernel@lists.debian.org)' >/tmp/version && "
            "mount --bind /tmp/version /proc/version"
        )
        try:
            yield
        finally:
            self.ssh("umount /proc/version")

    def changes(self) -> set[tuple[str, str]]:
        """Every file there that this machine has not, or has otherwise: its path and what it is."""
        upper, found = self.folder / "disk" / "up", set()
        for path in upper.rglob("*"):
            below = Path("/") / path.relative_to(upper)
            if not str(below).startswith(NOISE) and (what := _what(path)) != _what(below):
                found.add((str(below), what))
        return found

    def close(self) -> None:
        """Everything that was done there is gone."""
        server = getattr(self, "_server", None)
        if server is not None:
            server.kill()  # unshare ignores SIGTERM; its child goes with it
            server.wait()
            self._log.close()
        subprocess.run(["umount", "-l", str(self.folder / "disk")], capture_output=True)


def _what(path: Path) -> str:
    """Kind, owner, mode and content; "" where there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return ""
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        return "removed"
    content = ""
    if path.is_symlink():
        content = os.readlink(path)
    elif path.is_file():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid} {content}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
