"""From an onset to the effect's sound, as BRAVE was evaluated (Caspe et al., 2025).

Random bursts of noise, of stacked sines and of harmonic tones, each at a random moment, and the
time until an onset detector finds the answer in what comes out. The clock is that of the samples:
the card's own periods come on top, for us as for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ddsp_edge.bench.result import Result, against
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.settings import Settings
from ddsp_edge.units import db_to_gain

RATE, MODEL, SEED = 48_000, "violin", 42
PERIODS = (128, 64)
BURSTS_S = (4096 / 44_100, 1.0)  #: their lengths
LEVELS_DB = (0.0, -6.0)
#: What BRAVE's authors found for it, beside which our mean is put, in ms; their jitter is 3.
BRAVE_MS = 10.0
#: So long before and after an onset it is looked for, in seconds.
BEFORE_S, AFTER_S = 0.04, 0.15
PAUSE_S = 0.25  #: of silence, at least, so that nothing rings
# The detector: two followers of the level above 600 Hz; an onset is where the fast one is so
# many dB above the slow one.
HIGH_PASS_HZ, FLOOR_DB, ABOVE_DB = 600.0, -55.0, 16.0
FAST_UP, FAST_DOWN, SLOW = 1 / 3, 1 / 383, 1 / 2205


def results(count: int = 500) -> list[Result]:
    """Mean and standard deviation in milliseconds, over ``count`` onsets of each period."""
    found = []
    for period in PERIODS:
        times = latencies_ms(period, count)
        name = f"effect, onset to onset, {period} samples: mean"
        found.append(against(name, float(np.mean(times)), "ms", "BRAVE", BRAVE_MS))
        name = f"effect, onset to onset, {period} samples: standard deviation"
        found.append(Result(name, float(np.std(times)), "ms"))
        share = 100.0 * len(times) / count
        found.append(Result(f"effect, onsets found, {period} samples", share, "%"))
    return found


def latencies_ms(period: int, count: int) -> list[float]:
    """The time of each onset that was found."""
    rng, found = np.random.default_rng(SEED), []
    settings = Settings(reverb_wet=0.0)
    with LiveEngine(None, "effect", settings, rate=RATE, period=period) as engine:
        engine.play(find_model(MODEL)).result(30)
        for burst in bursts(rng, count):
            start = round(PAUSE_S * RATE) + int(rng.integers(RATE // 10))
            heard = np.zeros(start + len(burst) + round(0.1 * RATE), np.float32)
            heard[start : start + len(burst)] = burst
            sound = _through(engine, heard)
            begin = start - round(BEFORE_S * RATE)
            onset = first_onset(sound[begin : start + round(AFTER_S * RATE)])
            if onset is not None:
                found.append((begin + onset - start) / RATE * 1e3)
    return found


def _through(engine: LiveEngine, heard: np.ndarray) -> np.ndarray:
    """What comes out, one channel; whole periods."""
    period = engine.rig.period
    n = len(heard) // period * period
    source = np.repeat(heard[:n, None], 2, axis=1)
    played = np.empty_like(source)
    for at in range(0, n, period):
        engine.rig.process(source[at : at + period], played[at : at + period])
    engine.catch_up()
    return played[:, 0]


def bursts(rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Noise, stacked sines and harmonic tones in turn, of both lengths and levels; each falls by
    60 dB to its end."""
    kinds = (_noise, _stack, _tone)
    for i in range(count):
        n = round(BURSTS_S[i // 3 % 2] * RATE)
        wave = kinds[i % 3](rng, n)
        wave *= db_to_gain(LEVELS_DB[i // 6 % 2]) / np.abs(wave).max()
        yield (wave * 10.0 ** (-3.0 * np.linspace(0, 1, n))).astype(np.float32)


def _noise(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(-1, 1, n)


def _stack(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sines a quarter tone apart, from some low to some high frequency."""
    low, high = rng.uniform(20, 400), rng.uniform(5_000, 15_000)
    steps = int(24 * math.log2(high / low))
    return _sines(rng, n, low * 2 ** (np.arange(steps + 1) / 24), np.ones(steps + 1))


def _tone(rng: np.random.Generator, n: int) -> np.ndarray:
    """A fundamental from C1 to C7 and up to 50 harmonics, each up to 60 dB below it."""
    f0_hz = 440 * 2 ** ((rng.uniform(24, 96) - 69) / 12)
    wanted = int(rng.integers(1, 50))
    numbers = np.arange(1, min(wanted, int(RATE / 2 / f0_hz)) + 1)
    levels = np.r_[1.0, 10 ** (-3.0 * rng.random(len(numbers) - 1))]
    return _sines(rng, n, f0_hz * numbers, levels)


def _sines(rng: np.random.Generator, n: int, hertz: np.ndarray, levels: np.ndarray) -> np.ndarray:
    t, wave = 2 * np.pi * np.arange(n) / RATE, np.zeros(n)
    for hz, level, phase in zip(hertz, levels, rng.uniform(0, 2 * np.pi, len(hertz)), strict=True):
        wave += level * np.sin(hz * t + phase)
    return wave


def first_onset(sound: np.ndarray) -> int | None:
    """The sample at which the first onset is found; None where there is none."""
    # A second-order Butterworth high-pass by the bilinear transform.
    k = math.tan(math.pi * HIGH_PASS_HZ / RATE)
    gain = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    a1, a2 = 2.0 * gain * (k * k - 1.0), gain * (1.0 - math.sqrt(2.0) * k + k * k)
    one = two = 0.0  # the filter's memory
    fast = slow = FLOOR_DB
    for i, x in enumerate(sound.tolist()):
        y = gain * x + one
        one, two = two - 2.0 * gain * x - a1 * y, gain * x - a2 * y
        level = max(FLOOR_DB, 20.0 * math.log10(abs(y) + 1e-8))
        fast += (FAST_UP if level > fast else FAST_DOWN) * (level - fast)
        slow += SLOW * (level - slow)
        if fast - slow >= ABOVE_DB:
            return i
    return None
