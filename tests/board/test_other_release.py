"""``make deb ARCH=arm64 RELEASE=trixie``, on a PC of that release or the one before: what it makes
is played by QEMU among that release's own packages. The emulated board has this machine's release.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from board.debian import Apt, unpack
from board.wheels import ROOT

RELEASE, PYTHON, DEBIAN = "trixie", "3.13", "deb13"
SITE = "/usr/lib/ddsp-edge/site"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("deb")
    subprocess.run(["make", "-s", "deb", "ARCH=arm64", f"RELEASE={RELEASE}", f"OUT={out}"],
                   cwd=ROOT, check=True)  # fmt: skip
    return next(out.glob("*.deb"))


@pytest.fixture(scope="module")
def depends(package: Path) -> list[str]:
    """The packages that it asks for; of alternatives the first."""
    said = subprocess.run(["dpkg-deb", "-f", str(package), "Depends"], check=True,
                          capture_output=True, text=True)  # fmt: skip
    return [re.split("[ |]", each.strip())[0] for each in said.stdout.split(",")]


def test_it_is_for_that_release(package: Path, depends: list[str]) -> None:
    assert re.fullmatch(rf"ddsp-edge_.*\+{DEBIAN}_arm64\.deb", package.name)
    # PyPI has no wheels of these for its Python.
    assert {"python3-rtmidi", "python3-alsaaudio", "python3-evdev"} <= set(depends)
    listed = subprocess.run(["dpkg-deb", "-c", str(package)], check=True, capture_output=True,
                            text=True).stdout  # fmt: skip
    built_for = set(re.findall(r"\.cpython-(\d+)-aarch64-linux-gnu\.so", listed))
    assert built_for == {PYTHON.replace(".", "")}


def test_it_plays_among_that_releases_packages(
    package: Path, depends: list[str], tmp_path: Path
) -> None:
    apt = Apt(tmp_path / "apt", release=RELEASE, arch="arm64")
    apt.download(depends, tmp_path / "debs")
    unpack(tmp_path / "debs", tmp_path / "root")
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path / "root")], check=True)

    def python(*words: str) -> str:
        root = tmp_path / "root"
        done = subprocess.run(
            ["qemu-aarch64", "-L", str(root), "-E", f"PYTHONPATH={root}{SITE}",
             f"{root}/usr/bin/python{PYTHON}", "-s", "-P", *words],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    python("-c", "import rtmidi, alsaaudio, evdev, native._stream, ai_edge_litert")
    tune = tmp_path / f"root{SITE}/ddsp_edge/demo/tune.mid"
    out = tmp_path / "tune.wav"
    said = python("-m", "ddsp_edge", "render", str(tune), "--model", "cello", "--out", str(out))
    assert "x real time" in said and out.stat().st_size > 1_000_000
