"""The Debian package: lintian finds no error; it installs on a bare device, plays, and goes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def package(wheels, tmp_path_factory) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb")
    out = tmp_path_factory.mktemp("deb")
    done = subprocess.run(["make", "-s", "deb", f"WHEELS={wheels}", f"OUT={out}"],
                          cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.deb"))


def test_lintian_finds_no_error(package, tmp_path):
    if shutil.which("lintian") is None:
        pytest.skip("no lintian (Debian: lintian)")
    # It may leave files of its own where it puts temporary ones.
    done = subprocess.run(["lintian", "--no-tag-display-limit", str(package)],
                          env={**os.environ, "TMPDIR": str(tmp_path)},
                          capture_output=True, text=True)  # fmt: skip
    assert [line for line in done.stdout.splitlines() if line.startswith("E:")] == []


def test_it_installs_plays_and_goes(device, package):
    shutil.copy(package, device.folder / "it.deb")
    before = device.changes()
    device.ssh(f"DEBIAN_FRONTEND=noninteractive apt-get install -y -qq {device.folder}/it.deb")
    assert "cello" in device.ssh("ddsp-edge models list")
    tune = "/usr/lib/ddsp-edge/site/ddsp_edge/demo/tune.mid"
    said = device.ssh(f"ddsp-edge render {tune} --model cello --out /tmp/tune.wav")
    assert "x real time" in said
    assert device.ssh("stat -c '%U %a' /var/lib/ddsp-edge/models") == "ddsp-edge 2775\n"
    device.ssh("test -e /etc/ddsp-edge/board.toml && test -e /etc/ddsp-edge/config.toml")
    unit = device.ssh("cat /usr/lib/systemd/system/ddsp-edge.service")
    assert "ExecStart=/usr/bin/python3 -m firmware_py" in unit and "PYTHONPATH" in unit
    device.ssh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ddsp-edge")
    assert device.changes() == before
