"""The bench itself: every tracker on every signal. Rows of plain figures, for tables and JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddsp_edge.bench.analyser.notes import FirstRow, RecordedNote, notes, summarise
from ddsp_edge.bench.analyser.recordings import consensus, recordings
from ddsp_edge.bench.analyser.signals import ONSET_HZ, RATE, TIMBRES, onset, steady, tracks
from ddsp_edge.bench.analyser.trackers import HOP_S, PEERS, Tracker, kernel
from ddsp_edge.evaluation.tracking import Score, lag, latency, pooled, score
from ddsp_edge.units import db_to_gain
from native.kernel import Analyser

OWN = "ddsp-edge"
LEVEL_DB = -20.0  #: of every synthetic note
NEAR_DB = 3.0  #: a loudness within this has followed


@dataclass(frozen=True)
class TrackRow:
    tracker: str
    material: str
    score: Score


@dataclass(frozen=True)
class OnsetRow:
    """Milliseconds from the start of a note (its attack takes 2 ms) over timbres and hop phases."""

    tracker: str
    f0_hz: float
    first_median: float  #: to the first trusted right pitch
    first_worst: float
    good_worst: float  #: to where it is right for good


@dataclass(frozen=True)
class LoudnessRow:
    f0_hz: float
    lag_ms: float  #: behind a tremolo of 6 Hz
    ripple_db: float  #: of a steady tone
    follows_ms: float  #: from the start of a note to within 3 dB for good, median
    overshoot_db: float  #: worst


@dataclass(frozen=True)
class CostRow:
    signal: str
    ns_a_sample: float
    mean_us: float  #: of a block of 128 samples
    worst_us: float  #: of the costliest block, best of several runs


def _trackers(own_only: bool) -> dict[str, Tracker]:
    return {OWN: kernel} if own_only else {OWN: kernel, **PEERS}


def synthetic(own_only: bool, say: Callable[[str], None]) -> list[TrackRow]:
    """Score the trackers on synthetic signals, a row for each tracker and group of signals."""
    rows = []
    material = list(tracks())
    for name, tracker in _trackers(own_only).items():
        say(f"{name}: synthetic signals")
        scores: dict[str, list[Score]] = {}
        for group, signal in material:
            found = score(tracker(signal.audio), signal.reference)
            scores.setdefault(group, []).append(found)
        rows += [TrackRow(name, group, pooled(each)) for group, each in scores.items()]
    return rows


def real(folder: Path, own_only: bool, say: Callable[[str], None]) -> list[TrackRow]:
    """Score the trackers on the recordings in ``folder``. Raises UserError."""
    say("the references: Praat and pYIN on every recording (minutes)")
    material = [
        (collection.name, audio, consensus(audio, collection.low_hz, collection.high_hz))
        for collection, _, audio in recordings(folder)
    ]
    rows = []
    for name, tracker in _trackers(own_only).items():
        say(f"{name}: recordings")
        scores: dict[str, list[Score]] = {}
        for group, audio, reference in material:
            scores.setdefault(group, []).append(score(tracker(audio), reference))
        rows += [TrackRow(name, group, pooled(each)) for group, each in scores.items()]
    return rows


def first_pitches(
    folder: Path, own_only: bool, say: Callable[[str], None], most: int = 1000
) -> list[FirstRow]:
    """Score the first pitch of at most ``most`` recorded notes. Raises UserError."""
    by_material: dict[str, list[RecordedNote]] = {}
    for note in notes(folder, most):
        by_material.setdefault(note.material, []).append(note)
    rows = []
    for name, tracker in _trackers(own_only).items():
        if "whole file" in name:
            continue  # it sees what comes after
        say(f"{name}: first pitches of recorded notes")
        rows += [summarise(name, tracker, material, each) for material, each in by_material.items()]
    return rows


def onsets(
    own_only: bool, say: Callable[[str], None], step: int = 40, own_step: int = 8
) -> list[OnsetRow]:
    """Phases of the hop ``step`` samples apart (slow peers), ``own_step`` for our own."""
    rows = []
    for name, tracker in _trackers(own_only).items():
        if "whole file" in name:
            continue  # it looks ahead: a latency would say nothing
        say(f"{name}: onsets")
        for f0_hz in ONSET_HZ:
            found = []
            for timbre in TIMBRES:
                for offset in range(0, round(HOP_S * RATE), own_step if name == OWN else step):
                    audio, at = onset(f0_hz, timbre, offset)
                    found.append(latency(tracker(audio), at, at + 0.3, f0_hz))
            first, good = 1000 * np.array(found).T
            rows.append(OnsetRow(name, f0_hz, float(np.median(first)), float(first.max()),
                                 float(good.max())))  # fmt: skip
    return rows


def loudness() -> list[LoudnessRow]:
    rows = []
    for f0_hz in ONSET_HZ:
        t = np.arange(2 * RATE) / RATE
        swing = 6.0 * np.sin(2 * np.pi * 6 * t)
        heard = _levels(steady(f0_hz, 2.0) * db_to_gain(swing))
        late = lag(heard[0], heard[1] - LEVEL_DB, swing[:: RATE // 1000], 0.001)
        ripple = float(np.ptp(_levels(steady(f0_hz, 1.0))[1]))
        follows, overshoot = [], []
        for timbre in TIMBRES:
            for offset in range(0, 240, 40):
                audio, at = onset(f0_hz, timbre, offset)
                times, level = _levels(audio, at)
                far = np.flatnonzero(np.abs(level - LEVEL_DB) > NEAR_DB)
                follows.append(1000 * (times[far[-1] + 1] - at) if len(far) else 0.0)
                overshoot.append(level.max() - LEVEL_DB)
        rows.append(LoudnessRow(f0_hz, 1000 * late, ripple, float(np.median(follows)),
                                float(max(overshoot))))  # fmt: skip
    return rows


def _levels(audio: np.ndarray, after_s: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rows = Analyser(RATE, 0.001).process(audio.astype(np.float32))
    times = rows["position"] / RATE
    return times[times >= after_s], rows["loudness_db"][times >= after_s].astype(float)


def cost(block: int = 128, repeats: int = 15) -> list[CostRow]:
    """Each block's least time over ``repeats`` runs of the same sound, without that of a call."""
    t = np.arange(RATE) / RATE
    signals = {
        "tone, 220 Hz": steady(220.0, 1.0, "bright"),
        "tone, 1760 Hz": steady(1760.0, 1.0),
        "noise": np.random.default_rng(0).normal(0, 0.1, RATE),
        # Looked for every millisecond, and never found.
        "claps, 10 a second": np.random.default_rng(0).normal(0, 0.1, RATE)
        * np.exp(-30 * (10 * t % 1)),
        "silence": 0.0 * t,
    }
    rows = []
    for name, audio in signals.items():
        sound = audio.astype(np.float32)
        blocks = [sound[i : i + block] for i in range(0, len(sound) - block, block)]
        took = np.full((repeats, len(blocks)), np.inf)
        for repeat in range(repeats):
            analyser = Analyser(RATE, HOP_S, eager=True)
            for i, part in enumerate(blocks):
                begun = time.perf_counter()
                analyser.process(part)
                took[repeat, i] = time.perf_counter() - begun
        analyser, whole, call = Analyser(RATE, HOP_S, eager=True), np.inf, np.inf
        for _ in range(200):
            begun = time.perf_counter()
            analyser.process(sound[:0])
            call = min(call, time.perf_counter() - begun)
        for _ in range(repeats):
            begun = time.perf_counter()
            analyser.process(sound)
            whole = min(whole, time.perf_counter() - begun)
        least = took.min(axis=0) - call
        rows.append(CostRow(name, 1e9 * whole / len(sound), 1e6 * float(least.mean()),
                            1e6 * float(least.max())))  # fmt: skip
    return rows
