"""The whole package on a 32-bit board: Debian's armhf Python under QEMU's user mode, our wheel
cross-compiled. Nothing boots and no maintainer script runs; LiteRT is not there, as on such boards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from board.debian import Apt, python_version, unpack
from board.store import digest, made
from board.wheels import FILES, IGNORED, ROOT, SOURCES, _source_files, _tools

COMPILER, EMULATOR = "arm-linux-gnueabihf-gcc", "qemu-arm"
TRIPLET = "arm-linux-gnueabihf"
PACKAGES = [
    *("python3-minimal", "libpython3-stdlib", "python3-numpy", "python3-cffi-backend"),
    *("python3-soundfile", "libpython3-dev", "libasound2-dev"),
]
#: Pure Python, from PyPI: Debian 12's mido is older than ours asks for.
PURE = ["mido>=1.3", "tomli-w>=1.0", "packaging"]


class ReleaseApt(Apt):
    """Of the release alone: its archive of security updates carries nothing that a test needs, and
    its armhf index is the one that mirrors have half copied at times."""

    def __call__(self, *command: str) -> str:
        sources = self.folder / "sources.list"
        kept = [line for line in sources.read_text().splitlines() if "security" not in line]
        sources.write_text("\n".join(kept) + "\n")
        return super().__call__(*command)


def root() -> Path:
    """Debian's armhf packages, unpacked, and what is pure Python in ``site``."""

    def build(folder: Path) -> None:
        apt = ReleaseApt(folder / "apt", arch="armhf")
        apt.download(PACKAGES, folder / "debs")
        unpack(folder / "debs", folder)
        for name in ("apt", "debs"):
            shutil.rmtree(folder / name)
        command = [str(_tools()), "-m", "pip", "install", "-q", "--no-deps", "--target"]
        subprocess.run([*command, str(folder / "site"), *PURE], check=True)

    return made("armhf-root", digest(PACKAGES, PURE, Path(__file__)), build)


def package() -> Path:
    """A folder with this working tree's package, its C compiled for ARMv7 as Debian's armhf is
    (VFPv3, no NEON: the scalar path)."""

    def build(folder: Path) -> None:
        source, settings = folder / "work/ddsp-edge", folder / "work/settings"
        for each in (source, settings):
            each.mkdir(parents=True)
        for name in FILES:
            shutil.copy(ROOT / name, source)
        for name in SOURCES:
            shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
        name = f"_sysconfigdata__{TRIPLET}"
        shutil.copy(system / f"usr/lib/python{version}/{name}.py", settings)
        include = system / "usr/include"
        compiler = f"{COMPILER} --sysroot={system} -isystem {include}/{TRIPLET} -isystem {include}"
        environment = {
            **os.environ,
            "_PYTHON_HOST_PLATFORM": "linux-armv7l",
            "_PYTHON_SYSCONFIGDATA_NAME": name,
            "PYTHONPATH": str(settings),
            "CC": compiler,
            "LDSHARED": f"{compiler} -shared",
            "CFLAGS": f"-I{include}/python{version}",
        }
        wheels = folder / "work"
        code = f"import setuptools.build_meta as b; b.build_wheel({str(wheels)!r})"
        done = subprocess.run(
            [str(_tools()), "-c", code],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"cross build for armv7:\n{done.stdout}\n{done.stderr}")
        wheel = next(wheels.glob("*-linux_armv7l.whl"))
        zipfile.ZipFile(wheel).extractall(folder)
        shutil.rmtree(folder / "work")

    system, version = root(), python_version()
    files = [(str(path.relative_to(ROOT)), digest(path)) for path in _source_files()]
    return made("armhf-package", digest(files, system.name, Path(__file__)), build)


def python(*arguments: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
    """Run Debian's armhf Python with our package; output and errors as text."""
    system = root()
    library = system / "usr/lib" / TRIPLET
    variables = {
        "LD_LIBRARY_PATH": f"{library}/blas:{library}/lapack",
        "PYTHONHOME": str(system / "usr"),
        "PYTHONPATH": f"{package()}:{system}/site:{system}/usr/lib/python3/dist-packages",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    set_them = [word for pair in variables.items() for word in ("-E", "=".join(pair))]
    program = str(system / f"usr/bin/python{python_version()}")
    return subprocess.run(
        # -P: not the working tree, whose extensions are compiled for this machine.
        [EMULATOR, "-L", str(system), *set_them, program, "-P", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
