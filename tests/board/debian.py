"""Debian's arm64 packages: fetched by apt with a root of its own, unpacked, never configured.

The machine's own package state and list of architectures stay as they are, and no maintainer
script runs. The releases are those that the machine's apt knows (Debian 12 or 13).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from board.store import digest, made

#: On the board. libstdc++6: LiteRT and rtmidi. Python brings its own libraries.
ROOT_PACKAGES = [
    *("base-files", "base-passwd", "bash", "busybox-static", "coreutils", "dash", "grep", "sed"),
    *(
        "diffutils",
        "findutils",
        "passwd",
        "login",
        "mount",
        "util-linux",
        "procps",
        "kmod",
        "libc-bin",
    ),
    *("libstdc++6", "python3", "python3-venv", "libasound2", "libasound2-plugins", "alsa-utils"),
    *("systemd", "systemd-sysv", "udev", "dbus"),
    # As on Raspberry Pi OS: a user with sudo is reached by ssh, and apt installs packages.
    *("openssh-server", "sudo", "apt", "dpkg", "perl-base", "init-system-helpers"),
]
#: To compile for it here.
BUILD_PACKAGES = ["libpython3-dev", "libpython3-stdlib", "libasound2-dev"]
KERNEL = "linux-image-arm64"


class Apt:
    """apt in ``folder``, for the architecture ``arch`` and the release of that codename; "": this
    machine's. Of another release the keys must be here (debian-archive-keyring). ``components`` is
    "main", or also what is not free: "main non-free-firmware"."""

    def __init__(
        self, folder: Path, release: str = "", arch: str = "arm64", components: str = "main"
    ) -> None:
        self.folder = folder
        for name in ("state/lists/partial", "cache/archives/partial", "none"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        listed = _run("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) main",
                      "Created-By: Packages", "Origin: Debian")  # fmt: skip
        if not listed.strip():
            raise RuntimeError("apt knows no Debian release here: run apt-get update, on Debian")
        if release:
            own = _run("sh", "-c", '. /etc/os-release && printf %s "$VERSION_CODENAME"')
            listed = listed.replace(f" {own}", f" {release}")
        listed = listed.replace(" main", f" {components}")
        (folder / "sources.list").write_text("\n".join(sorted(set(listed.splitlines()))) + "\n")
        config = {
            "APT::Architecture": arch,
            "APT::Architectures::": arch,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root" if os.getuid() == 0 else "",
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": folder / "none",
            "Debug::NoLocking": "true",
        }
        lines = [
            "#clear APT::Architectures;",
            *(f'{key} "{value}";' for key, value in config.items()),
        ]
        (folder / "apt.conf").write_text("\n".join(lines) + "\n")
        self("apt-get", "update")

    def __call__(self, *command: str) -> str:
        return _run(*command, environment={"APT_CONFIG": str(self.folder / "apt.conf")})

    def download(self, packages: list[str], into: Path) -> None:
        """Those packages and all that they depend on."""
        self("apt-get", "install", "--yes", "--download-only", *packages)
        into.mkdir()
        for package in (self.folder / "cache/archives").glob("*.deb"):
            package.rename(into / package.name)

    def fetch(self, packages: list[str], into: Path) -> None:
        """Those packages alone."""
        subprocess.run(
            ["apt-get", "download", *packages],
            cwd=into, check=True, capture_output=True,
            env={**os.environ, "APT_CONFIG": str(self.folder / "apt.conf")},
        )  # fmt: skip

    def download_kernel(self, into: Path) -> None:
        """The kernel alone: it depends on tools that make what we make ourselves."""
        depends = self("apt-cache", "depends", KERNEL).split()
        name = next(word for word in depends if word.startswith("linux-image-6"))
        into.mkdir()
        self.fetch([name], into)


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def packages() -> Path:
    """A folder with root/, build/ and kernel/, the .deb files of each."""

    def fetch(folder: Path) -> None:
        apt = Apt(folder / "apt")
        apt.download(ROOT_PACKAGES, folder / "root")
        apt.download(BUILD_PACKAGES, folder / "build")
        apt.download_kernel(folder / "kernel")
        shutil.rmtree(folder / "apt")

    return made("debs", digest(ROOT_PACKAGES, BUILD_PACKAGES, KERNEL), fetch)


def unpack(debs: Path, root: Path) -> None:
    """Files of every package under ``root``, with /bin, /lib, /sbin merged into /usr."""
    for name in ("bin", "lib", "sbin"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    status = root / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True, exist_ok=True)
    for deb in sorted(debs.glob("*.deb")):
        # So that who asks dpkg is told what is there.
        first, rest = _run("dpkg-deb", "-f", str(deb)).split("\n", 1)
        with status.open("a") as listed:
            listed.write(f"{first}\nStatus: install ok installed\n{rest.rstrip()}\n\n")
        data = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
        extract = ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", str(root)]
        subprocess.run(extract, stdin=data.stdout, check=True)
        if data.wait() != 0:
            raise RuntimeError(f"{deb.name} cannot be unpacked")


def sysroot() -> Path:
    """Headers and libraries to compile against."""
    debs = packages()
    return made("sysroot", digest(debs.name), lambda folder: unpack(debs / "build", folder))


def python_version() -> str:
    """Of the board, e.g. "3.11"."""
    found = sorted(sysroot().glob("usr/include/python3.*"))
    return found[0].name.removeprefix("python")
