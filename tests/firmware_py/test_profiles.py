"""The profiles of boards and HATs are what the service reads, and the installers find each."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_py.config import Config, read_config

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BOARDS = sorted(path.stem for path in (DEPLOY / "boards").glob("*.toml"))
HATS = sorted(path.stem for path in (DEPLOY / "hats").glob("*.toml"))
USES = {"pedal": "effect", "module": "synth"}


def patterns(script: str) -> dict[str, str]:
    """Pattern of /proc/device-tree/model to board, as an installer's case has them."""
    text = (DEPLOY / script).read_text(encoding="utf-8")
    return dict(re.findall(r"^ *(\*.*)\) board=([\w-]+) ;;$", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("board", name) for name in BOARDS]
    + [("hat", name) for name in HATS]
    + [("use", name) for name in USES],
)
def test_every_profile_changes_the_config(kind: str, name: str, tmp_path: Path) -> None:
    shutil.copy(DEPLOY / f"{kind}s" / f"{name}.toml", tmp_path / f"{kind}.toml")
    (tmp_path / "config.toml").touch()
    assert read_config(tmp_path / "config.toml") != Config()


@pytest.mark.parametrize("name", USES)
def test_what_a_box_is_used_as_is_its_source(name: str, tmp_path: Path) -> None:
    assert {path.stem for path in (DEPLOY / "uses").glob("*.toml")} == set(USES)
    shutil.copy(DEPLOY / "uses" / f"{name}.toml", tmp_path / "use.toml")
    config = tmp_path / "config.toml"
    config.touch()
    assert read_config(config).instrument.source == USES[name]
    config.write_text("[instrument]\nsource = 'auto'\n")  # the config takes precedence
    assert read_config(config).instrument.source == "auto"


def test_phones_reach_the_panel_where_the_installer_was_told_so(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.touch()
    assert read_config(config).panel.host == "127.0.0.1"
    shutil.copy(DEPLOY / "files/panel.toml", tmp_path / "panel.toml")
    assert read_config(config).panel.host == "0.0.0.0"
    config.write_text("[panel]\nhost = '127.0.0.1'\n")  # the config takes precedence
    assert read_config(config).panel.host == "127.0.0.1"


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="no systemd-tmpfiles")
def test_interrupts_leave_the_audio_threads_core(tmp_path: Path) -> None:
    for name in ("default_smp_affinity", "7/smp_affinity", "12/smp_affinity"):
        path = tmp_path / "proc/irq" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("f\n")
    file = DEPLOY / "files/ddsp-edge-four-cores.conf"
    words = ["systemd-tmpfiles", f"--root={tmp_path}", "--create", str(file)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {path.read_text().strip() for path in (tmp_path / "proc/irq").rglob("*smp_affinity")}
    assert found == {"7"}
    tied = tmp_path / "proc/irq/12/smp_affinity"
    tied.unlink()
    tied.mkdir()  # cannot be written, as one that is tied to a core
    assert subprocess.run(words, capture_output=True).returncode == 0


def test_both_installers_find_every_board() -> None:
    found = patterns("board.sh")
    assert sorted(found.values()) == BOARDS and found["*"] == "generic"
    assert patterns("deb/postinst") == found


@pytest.mark.parametrize(
    ("model", "board"),
    [
        (b"Raspberry Pi Zero 2 W Rev 1.0\0", "pi-zero-2w"),
        (b"Raspberry Pi 3 Model A Plus Rev 1.0\0", "pi-3"),
        (b"Raspberry Pi Compute Module 4 Rev 1.1\0", "pi-4"),
        (b"Raspberry Pi 5 Model B Rev 1.0\0", "pi-5"),
        (b"Radxa ROCK 4\0", "generic"),
        (b"", "generic"),
    ],
)
def test_the_board_is_found_out(model: bytes, board: str, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(model)
    words = ["sh", str(DEPLOY / "board.sh"), str(tmp_path / "model")]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told.stdout == f"{board}\n" and told.stderr == ""


def test_the_boot_lines_belong_to_a_hat() -> None:
    assert {path.stem for path in (DEPLOY / "hats").glob("*.boot")} <= set(HATS)
