"""Wheels and Debian packages for a board of another Debian release than this machine's.

    python -m board.release RELEASE ARCH FOLDER     from the repository's root, PYTHONPATH=tests

FOLDER gets everything that our wheel (deploy/wheels.sh puts it there) needs on such a board:
wheels of the release's Python from PyPI, and of the hardware packages that PyPI has no wheel of
Debian's own packages with what they depend on beyond a small system. Nothing is compiled.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from board.debian import Apt
from board.wheels import EXTRAS, PLATFORMS, ROOT
from pip._vendor.packaging.requirements import Requirement

#: A board has these: deploy/install.sh wants them, Raspberry Pi OS Lite comes with them.
BASE = ["apt", "systemd", "udev", "sudo", "openssh-server", "python3", "python3-venv", "alsa-utils"]
#: As in deploy/requirements.py. python3-lgpio is Raspberry Pi OS's, not Debian's: there at once.
#: The other has wheels for 64-bit boards.
DEBIAN = {
    "python-rtmidi": "python3-rtmidi",
    "pyalsaaudio": "python3-alsaaudio",
    "evdev": "python3-evdev",
    "lgpio": "",
    "adafruit-lgpio": "",
}
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}


def requirements() -> list[Requirement]:
    """Of our package with the extras of a device, whatever Python and machine run this."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = list(project["dependencies"])
    for extra in EXTRAS:
        texts += project["optional-dependencies"][extra]
    found = [Requirement(text) for text in texts]
    for requirement in found:
        requirement.marker = None
    return found


def python_of(apt: Apt) -> str:
    """The release's Python, e.g. "3.13"."""
    words = apt("apt-cache", "policy", "python3").split()
    return ".".join(words[words.index("Candidate:") + 1].split(".")[:2])


def fetch(release: str, arch: str, folder: Path) -> str:
    """Fill ``folder``; the release's Python. Raises RuntimeError where something is missing."""
    with tempfile.TemporaryDirectory() as scratch:
        apt = Apt(Path(scratch) / "apt", release=release, arch=arch)
        python = python_of(apt)
        wanted = {r.name: str(r) for r in requirements()}
        hardware = {name: wanted.pop(name) for name in DEBIAN if name in wanted}
        _download(list(wanted.values()), python, arch, folder)
        without = [
            name for name, text in hardware.items() if not _tried(text, python, arch, folder)
        ]
        packages = [DEBIAN[name] for name in without if DEBIAN[name]]
        if packages:
            apt.fetch(sorted(_closure(apt, BASE + packages) - _closure(apt, BASE)), folder)
    return python


def _closure(apt: Apt, packages: list[str]) -> set[str]:
    """Names of all that an empty system would need for them."""
    lines = apt("apt-get", "install", "--simulate", *packages).splitlines()
    return {line.split()[1].partition(":")[0] for line in lines if line.startswith("Inst ")}


def _download(texts: list[str], python: str, arch: str, folder: Path) -> None:
    platforms = [word.replace("aarch64", MACHINES[arch]) for word in PLATFORMS]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "-d", str(folder), "--find-links",
         str(folder), "--only-binary", ":all:", *platforms, "--python-version", python, *texts],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"no wheels for Python {python} on {arch}: {done.stderr.strip()[-800:]}")


def _tried(text: str, python: str, arch: str, folder: Path) -> bool:
    try:
        _download([text], python, arch, folder)
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    release, arch, folder = sys.argv[1:]
    print(fetch(release, arch, Path(folder)))
