"""What the whole service costs on the board, whose clock counts instructions: one a nanosecond."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from board.machine import Board
from board.stage import CONFIG

SOCKET = "/tmp/costs/control.sock"
#: The service as it is, without systemd around it; its folders are its own.
START = f"""
mkdir -p /tmp/costs && cat >/tmp/costs/config.toml <<'END'
{CONFIG}
state = "/tmp/costs/state"
[control]
socket = "{SOCKET}"
END
cd /tmp/costs
began=$(date +%s%N)
setsid python3 -m firmware_py --config config.toml >log 2>&1 </dev/null &
echo $! >pid
export DDSP_EDGE_SOCKET={SOCKET}
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

    def ask(self, *words: str) -> str:
        """`ddsp-edge WORDS`, said to it."""
        return self.board.check(f"DDSP_EDGE_SOCKET={SOCKET} python3 -m ddsp_edge {' '.join(words)}")

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
    ready_ns = int(board.check(START).split()[-1])
    pid = int(board.check("cat /tmp/costs/pid"))
    yield Running(board, pid, ready_ns / 1e9)
    board.run(f"kill {pid}; sleep 1; kill -9 {pid}; rm -rf /tmp/costs")


def test_what_the_whole_service_costs(running: Running) -> None:
    """Printed for docs/board.md (pytest -s); more voices must cost more, and all must fit."""
    running.ask("model cello --source synth")
    running.ask("set voices=8")
    running.board.check("sleep 3")
    assert json.loads(running.ask("status --json"))["card"]["state"] == "running"
    found = {0: running.million_instructions()}
    for voices, notes in ((1, [48]), (4, range(49, 52)), (8, range(52, 56))):
        for note in notes:
            running.ask(f"control midi 'bytes=[144, {note}, 100]'")
        running.board.check("sleep 1")
        found[voices] = running.million_instructions()
    assert len(json.loads(running.ask("status --json"))["notes"]) == 8
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
