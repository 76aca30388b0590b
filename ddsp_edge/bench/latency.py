"""Benchmark of latency: deterministic on the sample clock, and with the live threads."""

from __future__ import annotations

import mido
import numpy as np

from ddsp_edge.bench.result import Result, against
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.latency import FIRST, NOTES, TONES, VST_TIMER_MS, VST_WINDOW_MS, measure
from ddsp_edge.settings import Settings

RATE, PERIOD = 48_000, 128
HOP_PHASES = 15  #: of a period against a hop of 240
MODEL, PEER = "violin", "DDSP-VST by design"
SETTINGS = Settings(reverb_wet=0.0, attack=0.001, release=0.01)


def results(count: int = 20) -> list[Result]:
    """Medians, milliseconds. DDSP-VST's figure is its timer (and window), nothing measured."""
    bundle = find_model(MODEL)
    peers = {"synth": VST_TIMER_MS, "effect": VST_WINDOW_MS + VST_TIMER_MS}
    found = []
    for source in ("synth", "effect"):
        with LiveEngine(None, source, SETTINGS, rate=RATE, period=PERIOD) as engine:
            engine.play(bundle).result(30)
            _run(engine, np.zeros(RATE // 4, np.float32))
            times = [_note(engine, i) if source == "synth" else _tone(engine, i)
                     for i in range(count)]  # fmt: skip
        name = f"{source}, offline clock: {_what(source)}, median"
        found.append(against(name, float(np.median(times)), "ms", PEER, peers[source]))
    for spread in measure(bundle, None, count):
        for source, peer in peers.items():
            if spread.name in (f"{source}: message to first sample",
                               f"{source}: onset to first sample"):  # fmt: skip
                name = f"{source}, live thread: {_what(source)}, median"
                found.append(against(name, spread.p50, "ms", PEER, peer))
    return found


def _what(source: str) -> str:
    return "MIDI to sound" if source == "synth" else "onset to sound"


def _run(engine: LiveEngine, heard: np.ndarray) -> np.ndarray:
    """Block by block, each tick answered before the next: whole periods of ``heard``, mono."""
    n = len(heard) // PERIOD * PERIOD
    source = np.ascontiguousarray(np.repeat(heard[:n, None], 2, axis=1), np.float32)
    played = np.empty_like(source)
    for at in range(0, n, PERIOD):
        block = slice(at, at + PERIOD)
        engine.rig.process(source[block], played[block])
        engine.catch_up()
    return np.abs(played).max(axis=1)


def _note(engine: LiveEngine, i: int) -> float:
    """A message at any moment of a period waits for its end: half a period on average."""
    offset = (i * 53) % PERIOD
    note = NOTES[i % len(NOTES)]
    engine.midi(mido.Message("note_on", note=note, velocity=110))
    engine.catch_up()
    heard = _run(engine, np.zeros(PERIOD * 20, np.float32))
    engine.midi(mido.Message("note_off", note=note))
    engine.catch_up()
    _run(engine, np.zeros(RATE // 5, np.float32))
    return _first_ms(heard, -offset)


def _tone(engine: LiveEngine, i: int) -> float:
    """A tone that begins anywhere in a period; as the probe counts, without the card's buffers."""
    offset = (i * 53) % PERIOD
    t = np.arange(PERIOD * 40) / RATE
    tone = 0.05 * np.sin(2 * np.pi * TONES[i % len(TONES)] * t)
    heard = _run(engine, np.concatenate([np.zeros(offset), tone]))
    # Every phase of the hops, which are counted from the last tone.
    _run(engine, np.zeros(RATE // 2 + i % HOP_PHASES * PERIOD, np.float32))
    return _first_ms(heard, offset)


def _first_ms(heard: np.ndarray, since: int) -> float:
    loud = np.flatnonzero(heard > FIRST)
    return float("inf") if len(loud) == 0 else 1e3 * float(loud[0] - since) / RATE
