"""How long from a key or a tone to its sound, measured to the sample in the running engine."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import mido
import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.settings import Settings
from ddsp_edge.units import db_to_gain
from native.probe import Catch, Probe

#: What counts as sound, linear: the first step of a ramp, and what an ear follows.
FIRST, HEARD = 1e-4, db_to_gain(-40)
NOTES, TONES = (50, 55, 62, 67, 74), (110.0, 196.0, 330.0, 494.0, 784.0)
TONE_LEVEL = 0.05
WAIT_S = 1.0
#: DDSP-VST's, by its design: the effect hears 64 ms (1024 samples at 16 kHz), and a timer of
#: 20 ms, not the note, asks the model.
VST_WINDOW_MS, VST_TIMER_MS = 64.0, 20.0


@dataclass(frozen=True)
class Spread:
    """One measure, in milliseconds."""

    name: str
    count: int
    p50: float
    p95: float
    most: float

    def __str__(self) -> str:
        return f"{self.name:<54} {self.p50:7.2f} {self.p95:7.2f} {self.most:7.2f}   ({self.count})"


def spread(name: str, times_ms: list[float]) -> Spread:
    """Return median, 95th percentile and maximum; takes at least one time."""
    p50, p95 = np.percentile(times_ms, [50, 95])
    return Spread(name, len(times_ms), float(p50), float(p95), max(times_ms))


def measure(
    bundle: Bundle, card: CardSettings | None = None, count: int = 100, seed: int = 1
) -> list[Spread]:
    """Both paths, stage by stage; without a card the rig is run at its pace. Raises UserError.

    Takes about a quarter of a second for each of ``count``, twice.
    """
    period = card.period if card else CardSettings().period
    rate = card.rate if card else CardSettings().rate
    settings = Settings(reverb_wet=0.0, attack=0.001, release=0.01)
    chance = random.Random(seed)
    results: list[Spread] = []
    for source, one in (("synth", _note), ("effect", _tone)):
        engine = LiveEngine(card, source, settings, rate=rate, period=period)
        engine.add_probe()
        probe = engine.probe
        with engine, _paced(engine) if card is None else contextlib.nullcontext():
            engine.play(bundle).result(30)
            probe = engine.probe
            assert probe is not None
            time.sleep(0.5)
            buffered_ms = _buffered_ms(engine, card)
            found: dict[str, list[float]] = {}
            for i in range(count):
                time.sleep(0.15 + chance.random() * 0.02)
                for name, ms in one(engine, probe, i, rate, period).items():
                    found.setdefault(name, []).append(ms)
            if not found:
                raise UserError(f"{source}: nothing was heard; is the model silent?")
            results += [spread(name, times) for name, times in found.items()]
            total = next(iter(found.values()))
            also = period / rate * 1e3 if source == "effect" else 0.0
            results.append(
                spread(
                    f"{source}: all that with the card's buffers",
                    [ms + buffered_ms + also for ms in total],
                )
            )
            results += _stages(source, engine)
    return results


def _note(engine: LiveEngine, probe: Probe, i: int, rate: int, period: int) -> dict[str, float]:
    """A key, at any moment of the period."""
    note = NOTES[i % len(NOTES)]
    probe.arm(FIRST)
    time.sleep(2 * period / rate)  # armed with a block that is over
    sent = time.monotonic_ns()
    engine.midi(mido.Message("note_on", note=note, velocity=110))
    caught = _caught(probe)
    engine.midi(mido.Message("note_off", note=note))
    if caught is None:
        return {}
    block_ms = (caught.block_ns - sent) / 1e6
    first_ms = caught.offset / rate * 1e3
    return {
        "synth: message to first sample": block_ms + first_ms,
        "synth:   of that, message to its period": block_ms,
    }


def _tone(engine: LiveEngine, probe: Probe, i: int, rate: int, period: int) -> dict[str, float]:
    """A tone that starts out of silence with a period."""
    found = {}
    for name, threshold in (("first sample", FIRST), ("-40 dBFS", HEARD)):
        probe.arm(threshold, TONES[i % len(TONES)], TONE_LEVEL)
        caught = _caught(probe)
        probe.arm(2.0)  # silence again
        time.sleep(0.3)
        if caught is not None:
            found[f"effect: onset to {name}"] = caught.since_tone / rate * 1e3
    return found


def _caught(probe: Probe) -> Catch | None:
    limit = time.monotonic() + WAIT_S
    while (caught := probe.read()) is None and time.monotonic() < limit:
        time.sleep(0.002)
    return caught


def _buffered_ms(engine: LiveEngine, card: CardSettings | None) -> float:
    """From the rig to the jack: as the card says, else what two periods are."""
    stream = engine.stats()["stream"]
    if stream and stream["delay"] > 0:
        return float(stream["delay"] / stream["rate"] * 1e3)
    settings = card or CardSettings()
    return settings.periods * settings.period / settings.rate * 1e3


def _stages(source: str, engine: LiveEngine) -> list[Spread]:
    """From the control thread's histograms."""
    stats = engine.stats()["control"]
    names = {"wake_up": "tick to Python awake", "decode": "one frame through the model"}
    if source == "synth":
        names = {"midi": "message to its frames sent", **names}
    return [
        Spread(
            f"{source}: {text}",
            int(stats[key]["count"]),
            stats[key]["p50_us"] / 1e3,
            stats[key]["p95_us"] / 1e3,
            stats[key]["max_us"] / 1e3,
        )
        for key, text in names.items()
    ]


@contextlib.contextmanager
def _paced(engine: LiveEngine) -> Iterator[None]:
    """Runs the rig as a card would: a period at a time, at its time."""
    stop, rig = threading.Event(), engine.rig

    def run() -> None:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(CardSettings().priority))
        probe = engine.probe
        assert probe is not None
        heard = np.zeros((rig.period, 2), np.float32)
        played = np.empty_like(heard)
        due_s, period_s = time.monotonic(), rig.period / rig.sample_rate
        while not stop.is_set():
            probe.process(heard, played)
            due_s += period_s
            time.sleep(max(0.0, due_s - time.monotonic()))

    thread = threading.Thread(target=run, name="ddsp-pace", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
