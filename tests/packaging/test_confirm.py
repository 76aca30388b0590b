"""deploy/image/update/ddsp-edge-confirm: what a start says, and how a trial ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.update.playing import check_playing

IMAGE = Path(__file__).resolve().parents[2] / "deploy/image"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A folder like /run/ddsp-edge-system, whose card is an empty file."""
    (tmp_path / "card").write_bytes(bytes(8192 * 512))
    return tmp_path


def boot_state(box: Path, *words: str) -> str:
    command = ["sh", IMAGE / "boot-state", box / "card", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def confirm(box: Path, python: str, limit_s: int) -> str:
    """The script's output; a restart leaves the file `restarted`."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "DDSP_EDGE_SYSTEM": str(box),
        "DDSP_EDGE_BOOT_STATE": str(IMAGE / "boot-state"),
        "DDSP_EDGE_PYTHON": python,
        "DDSP_EDGE_SOCKET": str(box / "none"),
        "PYTHONPATH": str(IMAGE.parents[1]),
        "DDSP_EDGE_TRIAL_S": str(limit_s),
        "DDSP_EDGE_REBOOT": f"touch {box / 'restarted'}",
    }
    command = ["sh", IMAGE / "update/ddsp-edge-confirm"]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout


def program(box: Path, code: int) -> str:
    """What stands for a system whose engine plays (0) or not (1)."""
    path = box / "python"
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_without_a_trial_it_only_says_which_system_runs(box: Path) -> None:
    boot_state(box, "choose")
    assert confirm(box, "/none", 0) == ""
    assert "primary=a\n" in (box / "boot").read_text()
    assert not (box / "restarted").exists()


def test_an_update_that_waits_is_not_confirmed_by_the_old_system(box: Path) -> None:
    boot_state(box, "choose")
    boot_state(box, "try", "b")
    assert confirm(box, program(box, 0), 0) == ""
    assert "trial=b\ntries=1\n" in boot_state(box, "show")


def test_a_system_that_plays_is_kept(box: Path) -> None:
    boot_state(box, "try", "b")
    boot_state(box, "choose")
    assert "this system is kept" in confirm(box, program(box, 0), 120)
    assert boot_state(box, "choose") == "b\n"
    assert "primary=b\n" in (box / "boot").read_text()
    assert not (box / "restarted").exists()


@pytest.mark.parametrize("python", [sys.executable, "/none"])
def test_one_that_does_not_play_is_left(box: Path, python: str) -> None:
    """No engine answers, or the new system's Python does not even run."""
    boot_state(box, "try", "b")
    boot_state(box, "choose")
    assert "the box restarts with the system before" in confirm(box, python, 0)
    assert (box / "restarted").exists()
    assert boot_state(box, "choose") == "a\n"
    assert "failed=b\n" in boot_state(box, "show")


def engine(*heartbeats: int | None):  # type: ignore[no-untyped-def]
    """Answers of an engine whose card has played so many periods at each look."""
    looks = iter(heartbeats)

    def ask(verb: str) -> dict[str, object]:
        if verb == "status":
            return {"model": "violin"}
        played = next(looks)
        return {"stream": None if played is None else {"heartbeat": played}}

    return ask


def test_playing_is_periods_that_go_to_a_card() -> None:
    assert check_playing(engine(100, 200), look_s=0.0) == "violin, 100 periods in 0 s"
    for still in (engine(100, 100), engine(None, None), engine(0, 3)):
        with pytest.raises(UserError, match="no sound goes to a card"):
            check_playing(still, look_s=0.0)


def test_a_box_that_had_no_card_needs_none() -> None:
    assert "no sound card played before" in check_playing(engine(), must_sound=False)
