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


def million_instructions(board: Board, seconds: int = 10) -> dict[str, float]:
    """What each thread of the service executes in a second (million; threads of one name summed).

    The board's clock counts instructions, one a nanosecond. What is below 0.05 is left out.
    """
    read = "for t in /proc/$pid/task/*; do echo $(cat $t/schedstat) $(cat $t/comm); done"
    pid = f"pid=$(systemctl show -P MainPID {UNIT})"
    told = board.check(f"set -e; {pid}; {read}; echo then; sleep {seconds}; {read}")
    before, after = (_executed(part) for part in told.split("then\n"))
    found = {name: (after[name] - before.get(name, 0)) / 1e6 / seconds for name in after}
    return {name: round(million, 1) for name, million in found.items() if million >= 0.05}


def _executed(listed: str) -> dict[str, int]:
    """Nanoseconds of run time by the thread's name, of lines ``RUN WAIT SLICES NAME``."""
    found: dict[str, int] = {}
    for line in listed.splitlines():
        run_ns, _, _, name = line.split(maxsplit=3)
        found[name] = found.get(name, 0) + int(run_ns)
    return found


def test_what_the_whole_service_costs(installed: Board) -> None:
    """Printed for docs/board.md (pytest -s); more voices must cost more, and all must fit."""
    installed.check(f"systemctl restart {UNIT}")
    installed.check("ddsp-edge model cello --source synth && ddsp-edge set voices=8")
    installed.check("sleep 3")
    found = {0: million_instructions(installed)}
    for voices, notes in ((1, [48]), (4, range(49, 52)), (8, range(52, 56))):
        for note in notes:
            installed.check(f"ddsp-edge control midi 'bytes=[144, {note}, 100]'")
        installed.check("sleep 1")
        found[voices] = million_instructions(installed)
    installed.check("ddsp-edge panic")
    print("\nmillion instructions a second of the whole service, by thread:")
    for voices, threads in found.items():
        print(f"{voices} voices: {sum(threads.values()):.1f}", threads)
    in_all = [sum(threads.values()) for threads in found.values()]
    assert in_all == sorted(in_all)
    assert in_all[-1] < 1000.0
