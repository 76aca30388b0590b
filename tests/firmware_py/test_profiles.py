"""The profiles of boards and HATs are what the service reads, and the installers find each."""

from __future__ import annotations

import re
import shutil
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
    return dict(re.findall(r"^ +(\*.*)\) board=([\w-]+) ;;$", text, flags=re.MULTILINE))


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


def test_both_installers_find_every_board() -> None:
    found = patterns("install.sh")
    assert sorted(found.values()) == BOARDS and found["*"] == "generic"
    assert patterns("deb/postinst") == found


def test_the_boot_lines_belong_to_a_hat() -> None:
    assert {path.stem for path in (DEPLOY / "hats").glob("*.boot")} <= set(HATS)
