"""The service on the board, once provisioned: systemd, its unit, its socket, its sound."""

from __future__ import annotations

import json

import numpy as np
from board.machine import Board
from board.stage import RATE, WORLD, record, seconds_near, write_score, write_sound

from ddsp_edge.evaluation import compare_f0, track_f0

UNIT = "ddsp-edge.service"
SCORE = [(69, 0.0, 1.0), (62, 1.0, 2.0)]


def show(board: Board, name: str) -> str:
    return board.check(f"systemctl show -P {name} {UNIT}").strip()


def status(board: Board) -> dict[str, object]:
    return json.loads(board.check("ddsp-edge status --json"))


def test_the_unit_is_right(installed: Board) -> None:
    told = installed.run(f"systemd-analyze verify /etc/systemd/system/{UNIT}")
    assert (told.code, told.out + told.err) == (0, "")


def test_it_is_active_under_its_own_user(installed: Board) -> None:
    assert show(installed, "ActiveState") == "active"  # Type=notify: it has said so itself
    pid = show(installed, "MainPID")
    assert installed.check(f"stat -c %U /proc/{pid}").strip() == "ddsp-edge"
    # As asked in the unit: the audio thread has its real-time priority.
    scheduled = installed.check(f"ps -L -o cls,rtprio -p {pid}")
    assert "FF" in scheduled
    assert "VmLck:\t       0 kB" not in installed.check(f"cat /proc/{pid}/status")


def test_a_note_is_heard(installed: Board) -> None:
    write_score(installed.share / "score.mid", SCORE)
    heard = record(installed, "aplaymidi -d 0 -p ddsp-edge /board/score.mid", 4.0)
    track = track_f0(heard, RATE)
    for note, start, end in SCORE:
        assert seconds_near(track.f0_hz, note, track.hop_s) > 0.8 * (end - start)


def test_a_voice_is_converted(installed: Board, sung: np.ndarray) -> None:
    write_sound(installed.share / "voice.wav", sung)
    installed.check("ddsp-edge model cello --source effect")
    assert status(installed)["model"] == "cello"
    play = f"cp /board/voice.wav /tmp && aplay -q -D {WORLD['playback']} /tmp/voice.wav"
    heard = record(installed, play, 4.0)
    pitch = compare_f0(track_f0(sung, RATE), track_f0(heard, RATE), max_delay_s=2.0)
    assert pitch.voiced_s > 1.0
    assert pitch.median_cents < 20.0
    assert pitch.longest_jump_s < 0.1


def test_a_killed_service_comes_back_as_it_was(installed: Board) -> None:
    killed = show(installed, "MainPID")
    installed.check(f"kill -9 {killed}")
    installed.check(f"until [ $(systemctl show -P NRestarts {UNIT}) = 1 ] && "
                    f"systemctl -q is-active {UNIT}; do sleep 0.2; done")  # fmt: skip
    assert show(installed, "MainPID") != killed
    assert status(installed)["model"] == "cello"


def test_it_stops_when_asked(installed: Board) -> None:
    installed.check(f"systemctl stop {UNIT}")
    assert show(installed, "ActiveState") == "inactive"
    assert show(installed, "Result") == "success"
