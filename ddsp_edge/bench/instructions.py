"""Deterministic cost: executed instructions, by callgrind here and by QEMU for arm64."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ddsp_edge.bench.checkout import ROOT, compiled_kernel, compiler
from ddsp_edge.bench.result import Result, against

BOARD = ROOT / "tests/board"
PARTS = ("voice", "output", "convolver", "analyser")
#: The same voice of 100 harmonics; "high": ten below Nyquist, "quiet": twenty loud enough.
SCALING = ("voice", "high", "quiet")
#: Million a second, measured on the emulated board (its clock counts instructions, docs/board.md).
#: Python (7.6) and one voice's network (3.4):
CONTROL_SYNTH, CONTROL_EFFECT = 11.0, 11.0
CONTROL_MORE = 1.0  #: each further voice, beside what the kernel counts: voices share one noise
CARD = 16.0  #: of the audio thread, beside the kernel: the card, mixer, player, rings
GOAL_FRAME = 30_000.0  #: instructions of a decoder's frame
GOAL_A53, GOAL_A72 = 35.0, 100.0  #: per cent of one core


def results() -> list[Result]:
    """Million instructions a second of sound at 48 kHz; nothing without the tools."""
    return [*x86(), *arm64()]


def x86() -> list[Result]:
    """Under callgrind: the same on every run and machine with the same compiler."""
    valgrind = shutil.which("valgrind")
    if valgrind is None or compiler() is None:
        return []
    with tempfile.TemporaryDirectory() as name:
        source = BOARD / "count/load.c"
        program = compiled_kernel(Path(name) / "load", sources=(source,))

        def executed(part: str, seconds: str) -> int:
            command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            completed = subprocess.run([*command, str(program), part, seconds],
                                  capture_output=True, text=True, check=True)  # fmt: skip
            return int(re.findall(r"Collected : (\d+)", completed.stderr)[0])

        # A fifth of a second in which nothing is set up or settles: of a response of one second,
        # all of it has something to do only then.
        idle = executed("nothing", "0.4") - executed("nothing", "0.2")
        found = []
        for part in SCALING + PARTS[1:]:
            first, last = ("1.1", "1.3") if part == "convolver" else ("0.2", "0.4")
            taken = executed(part, last) - executed(part, first) - idle
            found.append(Result(f"x86-64 instructions a second, {part}", 5e-6 * taken, "M"))
        return found


def arm64() -> list[Result]:
    """QEMU's count of the kernel for arm64, and shares of two boards' cores, IPC stated there."""
    if compiler() is None:
        return []
    done = subprocess.run(
        [sys.executable, str(BOARD / "instructions.py"), "--json"], capture_output=True, text=True
    )
    if done.returncode != 0:
        return []
    counted = json.loads(done.stdout)
    millions = {part: counted["instructions_per_s"][part] / 1e6 for part in PARTS}
    found = [Result(f"arm64 instructions a second, {p}", n, "M") for p, n in millions.items()]
    frame = counted["instructions_per_s"]["decoder"] / 200
    name = "arm64 instructions, one frame of the C decoder"
    found.append(against(name, frame, "", "goal", GOAL_FRAME))
    small, large = ((c, c["clock_hz"] * c["ipc"] / 1e6) for c in counted["cores"])
    synth = millions["voice"] + millions["output"] + CARD + CONTROL_SYNTH
    effect = synth + millions["analyser"] + CONTROL_EFFECT - CONTROL_SYNTH
    eight = synth + 7 * (millions["voice"] + CONTROL_MORE)
    for name, work, (core, capacity), goal in (
        ("synth, one voice, Python too", synth, small, GOAL_A53),
        ("effect, one voice, Python too", effect, small, GOAL_A53),
        ("synth, 8 voices, Python too", eight, large, GOAL_A72),
    ):
        title = f"{name}: {core['name']}, IPC {core['ipc']}"
        found.append(against(title, 100 * work / capacity, "%", "goal", goal))
    return found
