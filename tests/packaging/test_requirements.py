"""deploy/requirements.py: what Debian brings, what pip must, and what a device does without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pip
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy/requirements.py"
PROJECT = """
[project]
name = "ddsp-edge"
dependencies = ["numpy>=1.26", "tool>=1; platform_machine == 'none'"]
[project.optional-dependencies]
live = ["python-rtmidi>=1.5.8", "pyalsaaudio>=0.10"]
pedal = ["gpiozero>=2", "lgpio>=0.2; python_version < '3'", "evdev>=1.6"]
"""
APT_CACHE = """#!/bin/sh
case $2 in
python3-rtmidi) version=1.5.8-3+b3 ;;
python3-alsaaudio) version=0.9.2-1 ;;
python3-evdev) version=1:1.9.1+dfsg-1 ;;
python3-lgpio) version="(none)" ;;
*) exit 0 ;;
esac
echo "$2:"
echo "  Candidate: $version"
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment that holds pip (this one's) and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    site = next((folder / "lib").glob("python3*")) / "site-packages"
    (site / "pip").symlink_to(Path(pip.__file__).parent)
    return folder / "bin/python"


@pytest.fixture
def ask(python: Path, tmp_path: Path):
    """The script's lines for a small project, with a Debian 13-like apt-cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "apt-cache").write_text(APT_CACHE)
    (programs / "apt-cache").chmod(0o755)
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)

    def run(what: str, extras: str = "live,pedal", source: Path = source) -> list[str]:
        done = subprocess.run(
            [str(python), str(SCRIPT), what, str(source), extras],
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def installed(python: Path, name: str, version: str) -> Path:
    """As if Debian's package lay in a folder that this Python sees."""
    site = subprocess.check_output(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    folder = Path(site.strip()) / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def test_debian_brings_what_is_new_enough(ask) -> None:
    assert ask("debs") == ["python3-rtmidi", "python3-evdev"]
    assert ask("debs", "live") == ["python3-rtmidi"]


def test_pip_must_bring_all_but_the_hardware(ask) -> None:
    assert ask("must") == ["numpy>=1.26", "gpiozero>=2"]


def test_pip_may_try_the_hardware_that_the_project_wants_of_this_python(ask) -> None:
    assert ask("may") == ["python-rtmidi>=1.5.8", "pyalsaaudio>=0.10", "evdev>=1.6"]


def test_what_a_device_does_without_is_said(ask, python: Path) -> None:
    seen = [installed(python, *each) for each in (("python_rtmidi", "1.5.8"), ("evdev", "1.9.1"))]
    old = installed(python, "pyalsaaudio", "0.9.2")  # too old is not there
    try:
        assert ask("debs") == []
        assert ask("may") == ["pyalsaaudio>=0.10"]
        left = ask("left")
        assert len(left) == 2 and "levels" in left[0] and left[1].startswith("no pins")
    finally:
        for folder in (*seen, old):
            shutil.rmtree(folder)


@pytest.mark.parametrize("built", ["lgpio", "adafruit-lgpio"])
def test_pins_are_there_whoever_built_their_module(
    ask, python: Path, tmp_path: Path, built: str
) -> None:
    """Adafruit has wheels of lgpio for later Pythons: the same module by another name."""
    project = tmp_path / "source/pyproject.toml"
    project.write_text(
        PROJECT.replace('"evdev', '"adafruit-lgpio>=0.2; python_version >= \'3\'", "evdev')
    )
    assert "adafruit-lgpio>=0.2" in ask("may") and "adafruit-lgpio>=0.2" not in ask("must")
    assert sum("lgpio" in line for line in ask("left")) == 1
    site = next((python.parents[1] / "lib").glob("python3*")) / "site-packages"
    info = site / f"{built.replace('-', '_')}-0.2.2.0.dist-info"
    info.mkdir()
    try:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {built}\nVersion: 0.2.2.0\n")
        assert not any("lgpio" in line for what in ("may", "left") for line in ask(what))
    finally:
        shutil.rmtree(info)


def test_a_folder_of_wheels_tells_the_same_and_its_wheels_count(ask, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "ddsp_edge-0.1.0-cp311-abi3-linux_x86_64.whl", "w") as ours:
        ours.writestr(
            "ddsp_edge-0.1.0.dist-info/METADATA",
            "Metadata-Version: 2.4\nName: ddsp-edge\nVersion: 0.1.0\n"
            "Requires-Dist: numpy>=1.26\n"
            'Requires-Dist: python-rtmidi>=1.5.8; extra == "live"\n'
            "Requires-Dist: lgpio>=0.2; python_version < '3' and extra == 'pedal'\n"
            'Requires-Dist: torch; extra == "train"\n',
        )
    assert ask("must", source=wheels) == ["numpy>=1.26"]
    assert ask("debs", source=wheels) == ["python3-rtmidi"]
    assert any("lgpio" in line for line in ask("left", source=wheels))
    minor = sys.version_info[1]
    (wheels / f"python_rtmidi-1.5.8-cp3{minor}-cp3{minor}-manylinux_2_28_s390x.whl").touch()
    assert ask("debs", source=wheels) == ["python3-rtmidi"]  # another machine's
    (wheels / "python_rtmidi-1.5.8-py3-none-any.whl").touch()
    assert ask("debs", source=wheels) == []


def test_an_extra_that_is_none_is_refused(python: Path) -> None:
    done = subprocess.run([str(python), str(SCRIPT), "must", str(ROOT), "lvie"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1 and "no extra is called 'lvie'" in done.stderr


def test_every_hardware_package_of_the_project_is_known(python: Path) -> None:
    """Of what the device's extras name, everything else must be a wheel everywhere."""
    done = subprocess.run([str(python), str(SCRIPT), "must", str(ROOT), "live,pedal,panel"],
                          capture_output=True, text=True)  # fmt: skip
    names = {line.split(">")[0] for line in done.stdout.splitlines()}
    assert {"numpy", "soxr", "gpiozero", "starlette"} <= names
    assert not names & {"python-rtmidi", "pyalsaaudio", "evdev", "lgpio"}
