"""Onto the board over its network: provisioned from nothing, a model swapped while it plays.

Everything goes through ``ssh pi@pedal.local``, with sudo there, as a user does it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from board.login import HOST, Login
from board.machine import Board
from board.stage import RATE, WORLD, seconds_near, write_score
from sounds import shaped

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.evaluation import lone_clicks, spectral_difference_db, track_f0
from ddsp_edge.library.catalog import find_model

NOTE = 62
#: Longer than the deploy takes there, in the board's seconds.
HELD_S = 60.0


@pytest.fixture(scope="module")
def pedal(installed: Board, login: Login) -> Login:
    """The service plays the cello, dry."""
    installed.check("systemctl start ddsp-edge.service")
    login.shell("ddsp-edge model cello --source synth && ddsp-edge set reverb_wet=0")
    return login


def remote(pedal: Login, *words: str) -> dict[str, object]:
    (row,) = json.loads(pedal.ddsp_edge("remote", *words, HOST, "--json"))
    assert row["ok"]
    return row


@pytest.fixture(scope="module")
def heard(
    pedal: Login, installed: Board, tmp_path_factory: pytest.TempPathFactory
) -> tuple[np.ndarray, dict[str, object], dict[str, object]]:
    """Deploy while a note is held: the recording, the answer, the stream's counts around it."""
    violin = find_model("violin")
    bundle = tmp_path_factory.mktemp("bundle") / "stage.zip"
    write_bundle(bundle, replace(violin, info=replace(violin.info, name="Stage Violin")))
    write_score(installed.share / "held.mid", [(NOTE, 0.0, HELD_S)])
    # Nothing there reads the shared folder while it plays: that would hold the board up.
    installed.check(f"""
cp /board/held.mid /tmp && cd /tmp && rm -f heard.wav
aplaymidi -d 0 -p ddsp-edge held.mid >/dev/null 2>&1 & echo $! >player
sleep 1
ddsp-edge stats --json >before
arecord -q -D {WORLD["capture"]} -f FLOAT_LE -c 2 -r {RATE} heard.wav >/dev/null 2>&1 &
echo $! >recorder; sleep 1""")
    said = pedal.ddsp_edge("deploy", bundle, HOST, "--activate", "--json")
    installed.check("""
cd /tmp; sleep 1.5; kill -INT $(cat recorder)
while kill -0 $(cat recorder); do sleep 0.1; done 2>/dev/null
ddsp-edge stats --json >after
kill $(cat player); ddsp-edge panic
cp heard.wav before after /board""")
    sound, rate = soundfile.read(installed.share / "heard.wav")
    assert rate == RATE
    counts = [json.loads((installed.share / name).read_text()) for name in ("before", "after")]
    xruns = counts[1]["stream"]["xruns"] - counts[0]["stream"]["xruns"]
    return sound.mean(1), json.loads(said)[0], {"xruns": xruns}


def test_the_note_sounds_through_the_deploy(heard: tuple[np.ndarray, dict, dict]) -> None:
    sound, answer, counts = heard
    assert answer["news"] and answer["plays"] == "stage-violin"
    assert counts["xruns"] == 0
    levels = np.sqrt(np.mean(sound[: len(sound) // 960 * 960].reshape(-1, 960) ** 2, axis=1))
    assert levels.min() > 0.1 * np.median(levels)  # 20 ms at a time: never a gap
    assert lone_clicks(shaped(sound), RATE) == 0
    track = track_f0(sound, RATE)
    length_s = len(sound) / RATE
    print(f"recorded {length_s:.1f} s, deployed in {answer['seconds']:.1f} s of this machine's")
    assert seconds_near(track.f0_hz, NOTE, track.hop_s) > 0.95 * length_s
    # It began as a cello and ended as a violin.
    begin, end = sound[:RATE], sound[-RATE:]
    assert spectral_difference_db(begin, end) > 3.0


def test_the_remote_verbs(heard: object, pedal: Login) -> None:
    (model,) = remote(pedal, "list")["models"]
    assert model["name"] == "stage-violin" and model["ok"]
    assert remote(pedal, "status")["engine"]["model"] == "stage-violin"
    info = remote(pedal, "info", "stage-violin")
    assert info["metadata"]["name"] == "Stage Violin"
    assert any("Started" in line or "model" in line for line in remote(pedal, "logs")["lines"])


def test_back_to_the_version_before(heard: object, pedal: Login, tmp_path: Path) -> None:
    violin = find_model("violin")
    newer = replace(violin.info, name="Stage Violin", export_time="2099-01-01T00:00:00+00:00")
    bundle = tmp_path / "newer.zip"
    write_bundle(bundle, replace(violin, info=newer))
    assert "stage-violin plays now" in pedal.ddsp_edge("deploy", bundle, HOST)
    assert remote(pedal, "info", "stage-violin")["metadata"]["export_time"].startswith("2099")
    back = remote(pedal, "rollback", "stage-violin")
    assert back["plays"] == "stage-violin" and back["versions"] == 0
    time = remote(pedal, "info", "stage-violin")["metadata"]["export_time"]
    assert time == violin.info.export_time


def test_the_board_is_ready_to_play(pedal: Login) -> None:
    told = json.loads(pedal.shell("ddsp-edge doctor --json"))
    assert told["ok"], told


def test_a_second_run_changes_nothing(pedal: Login, wheels: Path) -> None:
    words = ("provision", f"pi@{HOST}", "--wheelhouse", wheels)
    assert "nothing had to be changed" in pedal.ddsp_edge(*words, timeout_s=3600)
