"""Python's byte code for the image: a read-only system cannot keep what Python compiles at a start.

It is the same for every machine, so the release's own Python compiles it here, for this machine's
processor, with its own C library and loader.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from board.debian import Apt
from board.store import digest, made

from builder.debs import RELEASE

PACKAGES = ["python3-minimal", "libpython3-stdlib"]
LOADERS = {"amd64": "usr/lib64/ld-linux-x86-64.so.2", "arm64": "usr/lib/ld-linux-aarch64.so.1"}


def _own_arch() -> str:
    return subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()


def python() -> Path:
    """A folder with the image's Python for this machine, unpacked."""
    arch = _own_arch()

    def build(folder: Path) -> None:
        apt = Apt(folder / "apt", RELEASE, arch)
        apt.download(PACKAGES, folder / "debs")
        for deb in (folder / "debs").glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(folder / "root")], check=True)
        shutil.rmtree(folder / "apt")
        shutil.rmtree(folder / "debs")

    return made("image-python", digest(PACKAGES, RELEASE, arch, Path(__file__)), build) / "root"


def compile_all(site: Path) -> None:
    """Byte code beside every module under ``site``; the sources' times are not looked at later."""
    root = python()
    libraries = ":".join(str(p) for p in (root / "usr/lib").glob("*-linux-gnu"))
    program = next((root / "usr/bin").glob("python3.*"))
    # Not everything there is Python of this version: what does not compile has no byte code.
    subprocess.run(
        [str(root / LOADERS[_own_arch()]), "--library-path", libraries, str(program), "-I", "-S",
         "-m", "compileall", "-q", "-q", "--invalidation-mode", "unchecked-hash", "-s",
         str(site), "-p", "/usr/lib/ddsp-edge/site", str(site)],
        env={"PYTHONHOME": str(root / "usr"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if not any(site.rglob("__pycache__/*.pyc")):
        raise RuntimeError(f"no byte code could be made in {site}")
