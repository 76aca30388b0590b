"""What the whole service costs on the board, whose clock counts instructions: one a nanosecond."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from board.instructions import BAND_BUDGET, CORES
from board.machine import GUEST, Board
from board.stage import CONFIG, PERIOD, PERIODS, RATE, record, write_score
from sounds import shaped

from ddsp_edge.evaluation import lone_clicks, peak_dbfs

#: A verb of the control socket and its arguments.
Request = tuple[str, dict[str, Any]]
SOCKET = "/tmp/costs/control.sock"
STATE = "/tmp/costs/state"
#: Of each part of a band its place; they are on MIDI channels 1, 2, ...
BAND = {"violin": -0.6, "cello": -0.2, "flute": 0.2, "trumpet": 0.6}
#: What it plays, one note a channel in turn; held longer, in the board's seconds, than it is heard.
CHORD = [55, 36, 60, 58, 62, 43, 67, 65, 69, 50, 74, 70, 76, 57, 79, 73]
HELD_S = 120.0
#: Longer than the meters hold a peak.
METER_S = 2.5
#: The service as it is, without systemd around it; its folders are its own.
START = f"""
mkdir -p /tmp/costs && cp /board/ask.py /tmp/costs && cat >/tmp/costs/config.toml <<'END'
{CONFIG}
state = "{STATE}"
[control]
socket = "{SOCKET}"
END
cd /tmp/costs
began=$(date +%s%N)
setsid python3 -m firmware_py --config config.toml >log 2>&1 </dev/null &
echo $! >pid
# As soon as its socket is there its model plays; looking at it costs the board nothing to speak of.
for i in $(seq 600); do [ -S {SOCKET} ] && break; sleep 0.05; done
[ -S {SOCKET} ] || {{ cat log; exit 1; }}
echo $(( $(date +%s%N) - began ))
"""


@dataclass(frozen=True)
class Running:
    """A service on the board and its process."""

    board: Board
    pid: int
    ready_s: float

    def ask(self, *requests: Request) -> list[Any]:
        """Its answers to requests of the control socket; "sleep" with {"s": seconds} waits in
        between (guest/ask.py)."""
        said = shlex.quote(json.dumps(requests))
        return list(json.loads(self.board.check(f"python3 /tmp/costs/ask.py {SOCKET} {said}")))

    def million_instructions(self, seconds: int = 10) -> dict[str, float]:
        """What each thread executes in a second (million; threads of one name summed); what is
        below 0.05 is left out."""
        read = f"for t in /proc/{self.pid}/task/*; do echo $(cat $t/schedstat) $(cat $t/comm); done"
        told = self.board.check(f"set -e; {read}; echo then; sleep {seconds}; {read}")
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


@pytest.fixture(scope="module")
def running(board: Board) -> Iterator[Running]:
    board.put(GUEST / "ask.py", "ask.py")
    ready_ns = int(board.check(START).split()[-1])
    pid = int(board.check("cat /tmp/costs/pid"))
    yield Running(board, pid, ready_ns / 1e9)
    board.run(f"kill {pid}; sleep 1; kill -9 {pid}; rm -rf /tmp/costs")


def test_what_the_whole_service_costs(running: Running) -> None:
    """Printed for docs/board.md (pytest -s); more voices must cost more, and all must fit."""
    *_, status = running.ask(
        ("model", {"name": "cello", "source": "synth"}),
        ("set", {"values": {"voices": 8}}),
        ("sleep", {"s": 6}),
        ("status", {}),
    )
    assert status["card"]["state"] == "running"
    found = {0: running.million_instructions()}
    for voices, notes in ((1, [48]), (4, range(49, 52)), (8, range(52, 56))):
        pressed = [("midi", {"bytes": [0x90, note, 100]}) for note in notes]
        *_, status = running.ask(*pressed, ("sleep", {"s": 1}), ("status", {}))
        assert len(status["notes"]) == voices
        found[voices] = running.million_instructions()
    print("\nmillion instructions a second of the whole service, by thread:")
    for voices, threads in found.items():
        print(f"{voices} voices: {sum(threads.values()):.1f}", threads)
    in_all = [sum(threads.values()) for threads in found.values()]
    assert in_all == sorted(in_all)
    assert in_all[-1] < 1000.0


def test_what_it_needs_to_start_and_to_stay(running: Running) -> None:
    """Printed too. The seconds are thousands of million instructions; the file system of the board
    waits for this machine, though, so they vary."""
    status = running.board.check(f"cat /proc/{running.pid}/status")
    resident_mb = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    print(
        f"\n{running.ready_s:.2f} s from its start until it answers; {resident_mb:.1f} MB resident"
    )
    assert resident_mb < 100.0
    maps = running.board.check(f"cat /proc/{running.pid}/maps")
    assert "LiteRt" not in maps  # a shipped model plays in C


def test_a_preset_of_four_parts_of_four_voices_plays(running: Running) -> None:
    """Sixteen notes come in on four channels of the ALSA sequencer and are held while their cost is
    counted: there is no xrun, no click, and each part is heard. Printed for docs/board.md."""
    board = running.board
    keys = "model = {!r}\nchannel = {}\npan = {}\nlevel = -12\nvoices = 4\n"
    parts = [keys.format(model, i, pan) for i, (model, pan) in enumerate(BAND.items(), start=1)]
    preset = ['version = 2\nmodel = "violin"\nsource = "synth"\n', *parts]
    (board.share / "band.toml").write_text("[[parts]]\n".join(preset))
    write_score(board.share / "band.mid", [(note, 0.0, HELD_S) for note in CHORD], len(BAND))
    board.check(f"""
mkdir -p {STATE}/presets && cp /board/band.toml {STATE}/presets && cp /board/band.mid /tmp/costs""")
    running.ask(("preset", {"name": "band"}))
    board.check("""
aplaymidi -d 0 -p ddsp-edge /tmp/costs/band.mid >/dev/null 2>&1 & echo $! >/tmp/costs/player
sleep 1""")
    # While the board has nothing to do its clock goes on with this machine's: where that stalls, so
    # does the card, and the audio thread wakes up late whatever it does. Then it is tried again.
    for _ in range(3):
        (before,) = running.ask(("stats", {}))
        threads = running.million_instructions()
        sound = record(board, "true", 2.0)
        status, after = running.ask(("status", {}), ("stats", {}))
        xruns = after["stream"]["xruns"] - before["stream"]["xruns"]
        latest_s = after["stream"]["jitter_max_ns"] / 1e9
        if xruns == 0:
            break
    # Then one part at a time, and none.
    numbers = range(1, len(BAND) + 1)
    requests: list[Request] = [("set", {"values": {"reverb_wet": 0.0}})]
    for alone in range(1, len(BAND) + 2):
        requests += [("part_set", {"part": n, "values": {"mute": n != alone}}) for n in numbers]
        requests += [("sleep", {"s": METER_S}), ("status", {})]
    answers = running.ask(*requests)
    *levels, silence = [said["output_dbfs"] for said in answers if said and "output_dbfs" in said]
    board.check("kill $(cat /tmp/costs/player)")
    print(f"\n4 parts of 4 voices: {sum(threads.values()):.1f}", threads, "dBFS alone:", levels)
    print(f"{xruns} xruns; the latest wake-up was {1e3 * latest_s:.1f} ms late")
    assert after["rig"]["parts"] == len(BAND) and sorted(status["notes"]) == sorted(CHORD)
    assert xruns == 0 or latest_s > (PERIODS - 1) * PERIOD / RATE
    # Counted in instructions, so whatever else this machine does.
    assert after["rig"]["process_max_ns"] < 0.5e9 * PERIOD / RATE
    assert after["rig"]["output_clips"] == before["rig"]["output_clips"]
    assert -40.0 < peak_dbfs(sound) < 0.0
    assert xruns or lone_clicks(shaped(sound), RATE) == 0
    assert len(levels) == len(BAND) and min(levels) > -40.0 and silence < -70.0
    taken = 1e6 * max(threads.values())  # by the audio thread
    assert all(core.share(taken) < BAND_BUDGET[core.name] for core in CORES)
