"""An engine whose model really hangs in LiteRT, in a process of its own: nothing ends such a call.

    python -m hanging_engine panic|drop     from the repository's root, PYTHONPATH=tests

Prints a line of JSON for each thing that came about (tests/ddsp_edge/live/test_hang_watch.py).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np
from live_pump import PERIOD, level_db
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import METADATA, MODEL, Bundle
from ddsp_edge.bundles.metadata import parse_metadata
from ddsp_edge.live import hang_watch
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.system.safe_zip import SafeZip

#: A WHILE that turns for ever where a note is high; neither the check of files nor the trial let
#: it in (tests/ddsp_edge/tflite/test_dataflow.py, tests/ddsp_edge/library/test_sandbox.py).
FILE = Path(__file__).parent / "ddsp_edge/bundles/cases/loopbomb.zip"
LOW, HIGH = 60, 115
WAIT_S = 60.0


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)


def until(there: Callable[[], Any]) -> Any:
    ends = time.monotonic() + WAIT_S
    while not (found := there()):
        if time.monotonic() > ends:
            raise TimeoutError(there)
        time.sleep(0.02)
    return found


def hanging() -> Bundle:
    """The file as if it had passed, with a range in which its bad notes lie."""
    archive = SafeZip(FILE.read_bytes())
    info = parse_metadata(archive.read(METADATA))
    info = replace(info, name="Hang", max_pitch_note=127.0, max_pitch_hz=12_500.0)
    return Bundle(info, archive.read(MODEL))


def main(scenario: str) -> None:
    events: list[dict[str, Any]] = []
    levels: list[float] = []
    ended = threading.Event()
    if scenario == "panic":
        hang_watch.HUNG_LOOKS = 60  # it is the panic that silences

    def play(bundle: Bundle, note: int) -> None:
        engine.play(bundle).result(WAIT_S)
        engine.midi(mido.Message("note_on", note=note, velocity=100))

    def run_the_rig() -> None:
        block = np.zeros((PERIOD, 2), np.float32)
        while not ended.is_set():
            engine.rig.process(None, block)
            levels.append(level_db(block))
            time.sleep(PERIOD / 48_000)

    def all_of_the_last(quiet: bool) -> bool:
        last = levels[-20:]
        return len(last) == 20 and all((level < -80) == quiet for level in last)

    def hung() -> bool:
        began_s = engine._control.turn_began_s
        return began_s is not None and time.monotonic() - began_s > 5 * hang_watch.PANIC_S

    with LiveEngine(None, "synth") as engine:
        engine.subscribe(events.append)
        audio = threading.Thread(target=run_the_rig)
        audio.start()
        play(hanging(), LOW)
        until(lambda: all_of_the_last(quiet=False))
        say("sounds")
        engine.midi(mido.Message("note_on", note=HIGH, velocity=100))
        until(hung)
        say("hangs")
        if scenario == "panic":
            engine.panic()
        else:
            say(until(lambda: [each for each in events if each["event"] == "fault"])[0])
        until(lambda: all_of_the_last(quiet=True))
        say("silent")
        if scenario == "drop":
            engine.catch_up()
            say(engine.status()["model"])
            play(tiny_bundle(name="Good"), LOW)
            until(lambda: all_of_the_last(quiet=False))
            say("sounds")
            say(engine.status()["model"])
        ended.set()
        audio.join()
    say("stopped")


if __name__ == "__main__":
    main(sys.argv[1])
