"""A model that does not return: panic works, and the engine goes on without it.

Mostly a gate in the instrument stands for a model that hangs, since a test can open it again; at
the end a model that really hangs in LiteRT, past the checks that refuse it, in a process of its own
(:mod:`hanging_engine`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import mido
import numpy as np
import pytest
from live_pump import PERIOD, level_db
from tiny_decoder import tiny_bundle

from ddsp_edge.live import hang_watch
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.instruments import SynthInstrument

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0


@pytest.fixture
def hangs(monkeypatch):
    """Models called "Hang" do not return from a note until the test says so, or ends."""
    released, entered = threading.Event(), threading.Event()
    sound = SynthInstrument.sound

    def sound_or_hang(self):
        if self.info.name == "Hang" and self.notes:
            entered.set()
            released.wait(WAIT_S)
        sound(self)

    monkeypatch.setattr(SynthInstrument, "sound", sound_or_hang)
    yield entered, released
    released.set()


class Player:
    """Runs the rig as an audio thread does: whatever Python does, it goes on."""

    def __init__(self, engine):
        self.engine, self.block = engine, np.zeros((PERIOD, 2), np.float32)
        self.levels, self._stopping = [], threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stopping.set()
        self._thread.join()

    def _run(self):
        while not self._stopping.is_set():
            self.engine.rig.process(None, self.block)
            self.levels.append(level_db(self.block))
            time.sleep(PERIOD / 48_000)

    def until(self, quiet):
        """Until twenty blocks in a row are quiet, or are not."""
        ends = time.monotonic() + WAIT_S
        while True:
            last = self.levels[-20:]
            if len(last) == 20 and all((level < -80) == quiet for level in last):
                return
            assert time.monotonic() < ends, last
            time.sleep(0.02)


def play(engine, name):
    engine.play(tiny_bundle(name=name)).result(WAIT_S)


def note(engine, number=60):
    engine.midi(mido.Message("note_on", note=number, velocity=100))


def test_panic_silences_a_model_that_hangs(hangs, monkeypatch):
    entered, released = hangs
    monkeypatch.setattr(hang_watch, "HUNG_LOOKS", 10**6)
    with LiveEngine(None, "synth") as engine, Player(engine) as player:
        play(engine, "Good")
        note(engine)
        player.until(quiet=False)
        play(engine, "Hang")
        note(engine, 64)
        assert entered.wait(WAIT_S)
        time.sleep(2 * hang_watch.PANIC_S)
        engine.panic()
        player.until(quiet=True)
        released.set()  # it was only slow: nothing is lost
        engine.catch_up()
        play(engine, "Good")
        note(engine)
        player.until(quiet=False)


def test_a_model_that_hangs_is_dropped_and_the_engine_goes_on(hangs):
    entered, released = hangs
    events = []
    with LiveEngine(None, "synth") as engine, Player(engine) as player:
        engine.subscribe(events.append)
        play(engine, "Hang")
        note(engine)
        assert entered.wait(WAIT_S)
        ends = time.monotonic() + WAIT_S
        while not (told := [e for e in events if e["event"] == "fault"]):
            assert time.monotonic() < ends
            time.sleep(0.05)
        assert (told[0]["what"], told[0]["model"]) == ("hang", "Hang")
        player.until(quiet=True)
        engine.catch_up()
        assert engine.status()["model"] is None
        play(engine, "Good")
        note(engine)
        player.until(quiet=False)
        # The thread that was left behind returns, and touches nothing.
        threads = {t for t in threading.enumerate() if t.name == "ddsp-control"}
        released.set()
        while len([t for t in threads if t.is_alive()]) > 1:
            assert time.monotonic() < ends + WAIT_S
            time.sleep(0.02)
        note(engine, 67)
        engine.catch_up()
        assert sorted(engine.status()["notes"]) == [60, 67]
        assert engine.stats()["control"]["errors"] == 0


def really_hanging(scenario):
    """The lines that a process of its own printed; it has ended well."""
    done = subprocess.run(
        [sys.executable, "-m", "hanging_engine", scenario], cwd=ROOT, timeout=300, text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_panic_silences_a_network_that_hangs_in_litert_and_the_engine_stops():
    assert really_hanging("panic") == ["sounds", "hangs", "silent", "stopped"]


def test_a_network_that_hangs_in_litert_is_dropped_and_another_plays():
    fault = {"event": "fault", "what": "hang", "model": "Hang"}
    said = really_hanging("drop")
    assert said[:2] == ["sounds", "hangs"] and said[2].items() >= fault.items()
    assert said[3:] == ["silent", None, "sounds", "Good", "stopped"]
