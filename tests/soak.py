"""Live for a long time on a paced card: random notes, bends, programs, and a preset every second.

``python tests/soak.py [SECONDS]`` starts a card of its own (jackd's dummy driver); the exit code is
1 where anything is wrong. ``make soak`` does so for half an hour.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import mido
from jack_server import JackServer

from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.settings import SETTINGS, Setting, Settings

SECONDS = 1800.0
MODELS = ("violin", "cello")
#: Memory is compared from here on: by then every code path has been used.
WARM_S = 20.0
#: Not changed at random: what would leave nothing to be heard.
FIXED = {"output_gain", "harmonic_gain", "noise_gain", "input_trim", "channel", "mix", "gate"}


def resident_mb() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def random_settings(chance: random.Random) -> Settings:
    """A preset that nobody would make, but may."""
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if name in FIXED or chance.random() < 0.5:
            continue
        if isinstance(setting, Setting):
            value = chance.uniform(setting.minimum, setting.maximum)
            values[name] = round(value) if setting.whole else value
        else:
            values[name] = chance.choice(setting.choices)
    return Settings().changed(values)


def random_message(chance: random.Random) -> mido.Message:
    """Notes mostly; also bends, pressure, pedals and wheels, programs."""
    kind = chance.random()
    if kind < 0.35:
        velocity = chance.randint(1, 127)
        return mido.Message("note_on", note=chance.randint(30, 90), velocity=velocity)
    if kind < 0.7:
        return mido.Message("note_off", note=chance.randint(30, 90))
    if kind < 0.8:
        return mido.Message("pitchwheel", pitch=chance.randint(-8192, 8191))
    if kind < 0.85:
        return mido.Message("aftertouch", value=chance.randint(0, 127))
    if kind < 0.9:
        return mido.Message("program_change", program=chance.randint(0, 3))
    control = chance.choice((1, 5, 7, 10, 11, 64, 65, 66, 67, 74, 121, 123))
    return mido.Message("control_change", control=control, value=chance.randint(0, 127))


def soak(seconds: float, card: str, overloads: Callable[[], int], seed: int = 1) -> dict[str, Any]:
    """Play for so long; what was found. ``wrong`` lists what must not be."""
    chance, wrong = random.Random(seed), []
    bundles = [find_model(name) for name in MODELS]
    futures: list[Future[Any]] = []
    with LiveEngine(CardSettings(card, card), "synth") as engine:

        def program(event: dict[str, Any]) -> None:
            if event["event"] == "program":
                futures.append(engine.play(bundles[event["program"] % len(bundles)]))

        engine.subscribe(program)
        engine.play(bundles[0]).result(20)
        begun = time.monotonic()
        next_preset_s, warm_mb = 1.0, 0.0
        switches = messages = 0
        while (now_s := time.monotonic() - begun) < seconds:
            engine.midi(random_message(chance))
            messages += 1
            if now_s >= next_preset_s:
                next_preset_s += 1.0
                switches += 1
                source = "effect" if chance.random() < 0.2 else "synth"
                preset = random_settings(chance)
                futures.append(engine.play(chance.choice(bundles), source, preset))
                wrong += _failures(futures)
            if not warm_mb and now_s > min(WARM_S, seconds / 2):
                warm_mb = resident_mb()
            time.sleep(chance.expovariate(50.0))
        engine.play(bundles[0], "synth", Settings()).result(20)
        # What is left is let go as a player would: pedals up, then every key.
        for control in (64, 66, 121):
            engine.midi(mido.Message("control_change", control=control, value=0))
        for note in range(128):
            engine.midi(mido.Message("note_off", note=note))
        time.sleep(3.0)
        wrong += _failures(futures, wait_s=5.0)
        status, stats, end_mb = engine.status(), engine.stats(), resident_mb()
    if status["notes"]:
        wrong.append(f"stuck notes: {status['notes']}")
    if status["output_dbfs"] > -70:
        wrong.append(f"sound at the end: {status['output_dbfs']} dBFS")
    for what, count in {
        "faults of models (NaN)": stats["faults"],
        "exceptions in the control thread": stats["control"]["errors"],
        "NaN at the input": stats["rig"]["bad_inputs"],
        "ticks lost": stats["rig"]["tick_overruns"],
    }.items():
        if count:
            wrong.append(f"{what}: {count}")
    xruns, late = stats["stream"]["xruns"], overloads()
    if xruns > late:
        wrong.append(f"{xruns} xruns, but the driver was late only {late} times")
    if end_mb > warm_mb + 10.0:
        wrong.append(f"memory grew from {warm_mb:.1f} to {end_mb:.1f} MB")
    return {
        "seconds": round(seconds),
        "messages": messages,
        "presets": switches,
        "models_played": stats["models_played"],
        "xruns": xruns,
        "driver_overloads": late,
        "late_frames": stats["rig"]["late_frames"],
        "skipped_ticks": stats["control"]["skipped_ticks"],
        "frame_overruns": stats["rig"]["frame_overruns"],
        "stalls": stats["rig"]["stalls"],
        "faults": stats["faults"],
        "wake_up_us": stats["control"]["wake_up"],
        "decode_us": stats["control"]["decode"],
        "midi_us": stats["control"]["midi"],
        "gc_us": stats["control"]["gc"],
        "load": stats["load"],
        "rss_warm_mb": round(warm_mb, 1),
        "rss_end_mb": round(end_mb, 1),
        "wrong": wrong,
    }


def _failures(futures: list[Future[Any]], wait_s: float = 0.0) -> list[str]:
    """Of those that are done, which are taken out of the list; a wish may be overtaken."""
    found = []
    deadline = time.monotonic() + wait_s
    for future in futures[:]:
        if future.done() or wait_s:
            futures.remove(future)
            try:
                future.result(max(0.01, deadline - time.monotonic()))
            except CancelledError:
                pass
            except Exception as error:  # it is reported, and the soak goes on
                found.append(f"a model did not come: {error!r}")
    return found


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        server = JackServer(Path(folder))
        server.start()
        try:
            os.environ.update(server.env)
            found = soak(seconds, "jk", server.overloads)
        finally:
            server.stop()
    print(json.dumps(found, indent=2))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
