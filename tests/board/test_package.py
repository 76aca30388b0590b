"""The Debian package for arm64: `apt install ./ddsp-edge_*.deb` on the board, and it plays.

Last of all: what was provisioned before is taken away first, over ssh.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from board.login import HOST, Login
from board.machine import Board
from board.stage import CONFIG, RATE, record, seconds_near, write_score
from board.wheels import ROOT

from ddsp_edge.evaluation import track_f0

NOTE = 69
APT = "DEBIAN_FRONTEND=noninteractive apt-get -y -q"


@pytest.fixture(scope="module")
def package(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make deb ARCH=arm64` makes, of the wheels that are there."""
    out = tmp_path_factory.mktemp("deb")
    subprocess.run(["make", "-s", "deb", "ARCH=arm64", f"WHEELS={wheels}", f"OUT={out}"],
                   cwd=ROOT, check=True)  # fmt: skip
    return next(out.glob("ddsp-edge_*_arm64.deb"))


@pytest.fixture(scope="module")
def bare(board: Board, login: Login) -> Board:
    """Nothing of ours is left there."""
    said = login.ddsp_edge("provision", f"pi@{HOST}", "--uninstall")
    assert "ddsp-edge is removed" in said
    return board


def left(board: Board) -> list[str]:
    """Files, users and processes of ours; the test's own package of ours is not meant, nor is what
    a user's own commands remember in ~/.cache: no package looks into people's homes."""
    return board.check(
        "find /etc /opt /var /usr /run /home -xdev -name '*ddsp*edge*' ! -path '*/dist-packages/*' "
        "! -path '/var/log/*' ! -path '/var/lib/dpkg/*' ! -path '/run/log/*' "
        "! -path '/home/*/.cache/*'; "
        "getent passwd ddsp-edge ddsp-edge-panel; getent group ddsp-edge ddsp-edge-panel; "
        "pgrep -af firmware_py; true"
    ).splitlines()


def test_uninstalling_leaves_nothing(bare: Board) -> None:
    assert left(bare) == []


def test_lintian_finds_no_error(package: Path, tmp_path: Path) -> None:
    if shutil.which("lintian") is None:
        pytest.skip("no lintian (Debian: lintian)")
    # It may leave files of its own where it puts temporary ones.
    done = subprocess.run(["lintian", "--no-tag-display-limit", str(package)],
                          env={**os.environ, "TMPDIR": str(tmp_path)},
                          capture_output=True, text=True)  # fmt: skip
    assert [line for line in done.stdout.splitlines() if line.startswith("E:")] == []


def test_it_installs_and_plays(bare: Board, package: Path) -> None:
    bare.put(package, "package.deb")
    install = f"cp /board/package.deb /tmp/it.deb && {APT} install /tmp/it.deb 2>&1"
    print(bare.check(install, 3600))
    bare.check(f"cat >/etc/ddsp-edge/config.toml <<'END'\n{CONFIG}END\n"
               "systemctl restart ddsp-edge.service")  # fmt: skip
    write_score(bare.share / "score.mid", [(NOTE, 0.0, 1.5)])
    heard = record(bare, "aplaymidi -d 0 -p ddsp-edge /board/score.mid", 3.0)
    track = track_f0(heard, RATE)
    assert seconds_near(track.f0_hz, NOTE, track.hop_s) > 1.2
    assert bare.check("stat -c '%U %a' /var/lib/ddsp-edge/models").strip() == "ddsp-edge 2775"


def test_purging_leaves_nothing(bare: Board) -> None:
    bare.check(f"{APT} purge ddsp-edge", 3600)
    assert left(bare) == []
