"""The studio drives the trainer of the command line, in the same run folder."""

from __future__ import annotations

import time
from pathlib import Path

import extras_needed
import made_recordings
import pytest
import soundfile
from starlette.testclient import TestClient

from ddsp_edge import cli
from ddsp_edge.errors import UserError
from ddsp_edge.training.run_options import arguments, is_in_use, only_one, read_options

extras_needed.skip_without_trainer()

PATIENCE_S = 300.0


def until(client: TestClient, key: str, *states: str) -> dict:
    """What the studio says of a training once it is in one of these states."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        now = client.get(f"/api/instruments/{key}").json()["training"]
        if now["state"] in states:
            return dict(now)
        assert time.monotonic() < ends, now
        time.sleep(0.1)


def test_begun_here_and_gone_on_with_there(
    client: TestClient, folder: Path, toy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place, run = f"/api/instruments/{toy}", folder / "runs" / toy
    assert client.post(f"{place}/train").status_code == 204
    failed = until(client, toy, "failed")
    assert "holds no audio" in failed["problem"]
    for at, level in enumerate((0.15, 0.4, 0.9)):
        sound = level * made_recordings.melody()
        soundfile.write(folder / "recordings" / toy / f"{at}.wav", sound, made_recordings.RATE)
    long = {"warm_steps": 100_000, "single_notes": False}
    assert client.patch(place, json=long).status_code == 204
    assert client.post(f"{place}/train").status_code == 204
    again = client.post(f"{place}/train")
    assert again.status_code == 409 and "pause it first" in again.json()["remedy"]
    ends = time.monotonic() + PATIENCE_S
    while not (run / "log.jsonl").exists() or not (run / "log.jsonl").read_text():
        assert time.monotonic() < ends, until(client, toy, "preparing", "training")
        time.sleep(0.1)
    running = until(client, toy, "training")
    assert running["stage"] == "The instrument learns the controls" and running["curves"]
    assert is_in_use(run)
    assert client.post(f"{place}/pause").status_code == 204
    paused = until(client, toy, "paused")
    assert not is_in_use(run) and "run the same command to go on" in paused["lines"][-1]
    shown = client.get(place).json()
    assert "few" in shown["report"]["warnings"][0]["text"]
    assert shown["report"]["warnings"][0]["advice"].startswith("Record more")
    assert client.get(f"{place}/files/report.png").content.startswith(b"\x89PNG")
    # The command line goes on at that step, with the options that the studio has kept.
    words = ["train", *arguments(read_options(run)), "--work", str(run), "--minutes", "0"]
    capsys.readouterr()
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "going on from step" in said and "stopped at step" in said


def test_one_program_trains_in_a_run_folder(client: TestClient, folder: Path, toy: str) -> None:
    run = folder / "runs" / toy
    with only_one(run):
        answer = client.post(f"/api/instruments/{toy}/train")
        assert answer.status_code == 409 and "another program" in answer.json()["error"]
        assert until(client, toy, "elsewhere")
        with pytest.raises(UserError, match="another program trains here"), only_one(run):
            pass
    assert not is_in_use(run)
