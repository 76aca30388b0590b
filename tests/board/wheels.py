"""Our wheel for arm64, cross-compiled here, and the wheels that it depends on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from board.debian import python_version, sysroot
from board.store import digest, made

ROOT = Path(__file__).resolve().parents[2]
COMPILER = "aarch64-linux-gnu-gcc"
#: Extras of pyproject.toml: those that deploy/install.sh installs, or what EXTRAS names.
EXTRAS = tuple(os.environ.get("EXTRAS", "live,pedal,panel").split(","))
#: What PyPI has no arm64 wheel of.
FROM_SOURCE = ("pyalsaaudio", "evdev")
#: What goes into the wheel: a change to anything else builds nothing.
SOURCES = ("native", "ddsp_edge", "firmware_py")
FILES = (
    *("pyproject.toml", "setup.py", "MANIFEST.in"),
    *("README.md", "CHANGELOG.md", "LICENSE", "NOTICE"),
)
GLIBC = ("2_34", "2_31", "2_28", "2_27", "2_26", "2_17")  # or older: the board has 2.36 or newer
PLATFORMS = [
    argument
    for tag in (*(f"manylinux_{version}" for version in GLIBC), "manylinux2014", "linux")
    for argument in ("--platform", f"{tag}_aarch64")
]
#: Built in place or left over, never part of a wheel.
IGNORED = shutil.ignore_patterns(
    "__pycache__", "*.so", "*.o", "_kernel.c", "_stream.c", "_training.c"
)


def _host_python() -> str:
    """The same Python here as on the board: byte code and build settings are then right."""
    version = python_version()
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise RuntimeError(f"the board has Python {version}: install python{version} here too")
    return found


def _tools() -> Path:
    """A virtual environment with what building needs; not the cross build's own pip."""

    def build(folder: Path) -> None:
        subprocess.run([_host_python(), "-m", "venv", str(folder)], check=True)
        python = str(folder / "bin/python")
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "setuptools>=77", "cffi>=1.16"], check=True
        )

    return made("tools", digest(_host_python(), python_version()), build) / "bin/python"


def _cross(source: Path, wheels: Path) -> None:
    """Build ``source`` (a project with setuptools) for arm64 into ``wheels``."""
    root = sysroot()
    version = python_version()
    library = root / f"usr/lib/python{version}"
    # Python's own way of cross-building: the target's build settings in place of the host's.
    settings = source.parent / "settings"
    settings.mkdir(exist_ok=True)
    name = "_sysconfigdata__aarch64-linux-gnu"
    shutil.copy(library / f"{name}.py", settings)
    # The board's own headers, before those that came with the compiler.
    include = f"{root}/usr/include"
    compiler = (
        f"{COMPILER} --sysroot={root} -isystem {include}/aarch64-linux-gnu -isystem {include}"
    )
    environment = {
        **os.environ,
        "_PYTHON_HOST_PLATFORM": "linux-aarch64",
        "_PYTHON_SYSCONFIGDATA_NAME": name,
        "PYTHONPATH": str(settings),
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
        # Before the host's own directory of headers, which setuptools adds.
        "CFLAGS": f"-I{root}/usr/include/python{version}",
    }
    build = f"import setuptools.build_meta as b; print(b.build_wheel({str(wheels)!r}))"
    done = subprocess.run(
        [str(_tools()), "-c", build], cwd=source, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"cross build of {source.name}:\n{done.stdout}\n{done.stderr}")


def _source_files() -> list[Path]:
    found = [ROOT / name for name in FILES]
    for name in SOURCES:
        for folder, folders, files in os.walk(ROOT / name):
            folders[:] = sorted(set(folders) - IGNORED(folder, folders))
            found += [Path(folder, file) for file in sorted(set(files) - IGNORED(folder, files))]
    return found


def our_wheel() -> Path:
    """The wheel of this working tree, tagged linux_aarch64."""

    def build(folder: Path) -> None:
        source = folder / "work/ddsp-edge"
        source.mkdir(parents=True)
        for name in FILES:
            shutil.copy(ROOT / name, source)
        for name in SOURCES:
            shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
        _cross(source, folder)
        shutil.rmtree(folder / "work")
        # setuptools passes over an optional extension that it cannot build.
        for wheel in folder.glob("*.whl"):
            inside = zipfile.ZipFile(wheel).namelist()
            if "native/_stream.abi3.so" not in inside:
                raise RuntimeError(f"{wheel.name} has no native/_stream: see libasound2-dev")

    files = [(str(path.relative_to(ROOT)), digest(path)) for path in _source_files()]
    key = digest(files, sysroot().name, Path(__file__))
    return next(made("wheel", key, build).glob("*.whl"))


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = list(project["dependencies"])
    for extra in EXTRAS:
        found += project["optional-dependencies"][extra]
    return found


def dependencies() -> Path:
    """A folder of arm64 wheels: everything that ours needs on the board."""

    def fetch(folder: Path) -> None:
        pip = [_host_python(), "-m", "pip"]
        for name in FROM_SOURCE:
            work = folder / "work"
            work.mkdir()
            # With the tools' setuptools: this environment's may be too old for its metadata.
            fetched = [str(_tools()), "-m", "pip", "download", "-q", "--no-deps", "--no-binary",
                       ":all:", "--no-build-isolation", "-d", str(work), name]  # fmt: skip
            subprocess.run(fetched, check=True)
            archive = next(work.glob("*.tar.gz"))
            shutil.unpack_archive(archive, work, filter="data")
            source = work / archive.name.removesuffix(".tar.gz")
            if name == "evdev":  # lists the key codes that the board's headers know
                headers = sysroot() / "usr/include/linux"
                names = ("input.h", "input-event-codes.h", "uinput.h")
                listed = ":".join(str(headers / header) for header in names)
                with (source / "setup.cfg").open("a") as settings:
                    settings.write(f"\n[build_ecodes]\nevdev_headers = {listed}\n")
            _cross(source, folder)
            shutil.rmtree(work)
        subprocess.run(
            [*pip, "download", "-q", "-d", str(folder), "--find-links", str(folder),
             "--only-binary", ":all:", *PLATFORMS, "--python-version", python_version(),
             *_requirements()],
            check=True,
        )  # fmt: skip

    key = digest(_requirements(), FROM_SOURCE, sysroot().name, PLATFORMS)
    return made("dependencies", key, fetch)


def wheelhouse(folder: Path) -> Path:
    """Ours and all that it needs, copied into ``folder``, which is there; the folder."""
    for wheel in [our_wheel(), *dependencies().glob("*.whl")]:
        shutil.copy(wheel, folder)
    return folder


def install(wheels: list[Path], site: Path) -> None:
    """Unpack wheels as pip does, with byte code, into ``site``."""
    subprocess.run(
        [_host_python(), "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target",
         str(site), "--only-binary", ":all:", *PLATFORMS, "--python-version", python_version(),
         *map(str, wheels)],
        check=True,
    )  # fmt: skip


if __name__ == "__main__":  # for deploy/wheels.sh: into the folder that is named
    for each in sorted(wheelhouse(Path(sys.argv[1])).glob("*.whl")):
        print(each.name)
