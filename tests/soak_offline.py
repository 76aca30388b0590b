"""Many hours of playing without a card, as fast as it goes: the whole engine in one thread.

``PYTHONPATH=. python tests/soak_offline.py [SAMPLES]`` plays sessions of random instruments, notes,
pedals, presets and inputs (also ones that no card delivers) through what the callback runs, and
looks at every sample; the exit code is 1 where anything is wrong. ``make soak-offline`` does so for
10^9 samples. A session is repeated from its seed alone: ``tests/soak_offline.py 1e7 --seed 17``.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mido
import numpy as np
from soak import random_message, random_settings, resident_mb

from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.crossfade import ActiveInstruments
from ddsp_edge.live.instrument import PlaybackContext
from ddsp_edge.live.instruments import SOURCES
from ddsp_edge.live.mixer_controls import MixerControls
from ddsp_edge.live.timing import Gauges
from ddsp_edge.settings import Settings
from native.rig import MAX_VOICES, Rig

SAMPLES = 1_000_000_000
A_SESSION = 10_000_000  #: samples, of one seed
MODELS = ("violin", "cello", "flute", "alto-sax", "trombone")
RATES, PERIODS = (44_100, 48_000, 96_000), (32, 64, 128, 256, 512)
BLOCKS = 64  #: periods that are looked at together
END_S = 20.0  #: of letting everything die away
BYPASS_FADE_S = 0.05  #: longer than the mixer's ramp
SILENT = 10 ** (-90 / 20)
GREW_MB = 5.0  #: memory that a session may leave behind, after the first ones


@dataclass
class Found:
    """What a session came to."""

    samples: int = 0
    messages: int = 0
    instruments: int = 0
    loudest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def heard(chance: random.Random, n: int, rate: int, noise: np.random.Generator) -> np.ndarray:
    """n stereo samples of input: silence, a tone, noise, a crash; now and then what is no sound."""
    kind = chance.random()
    if kind < 0.3:
        return np.zeros((n, 2), np.float32)
    if kind < 0.6:
        turns = np.arange(n) * (chance.uniform(40.0, 2000.0) / rate)
        sound = chance.uniform(0.001, 0.5) * np.sin(2 * np.pi * turns)
    else:
        sound = noise.standard_normal(n) * chance.choice((1e-5, 0.01, 0.3, 5.0))
    stereo = np.stack([sound, chance.choice((-1.0, 0.0, 1.0)) * sound], axis=1).astype(np.float32)
    if kind > 0.9:
        strange = (np.nan, np.inf, -np.inf, 3e38, 1e-42)
        for _ in range(4):
            stereo[chance.randrange(n), chance.randrange(2)] = chance.choice(strange)
    return stereo


class Session:
    """One seed: a rig at some rate and period, and what happens to it."""

    def __init__(self, seed: int) -> None:
        self.chance, self.noise = random.Random(seed), np.random.default_rng(seed)
        self.found, self._seed = Found(), seed
        rate, self._period = self.chance.choice(RATES), self.chance.choice(PERIODS)
        self._context = PlaybackContext(rate, self._period, Gauges(), None, seed)
        self._rig = Rig(rate, self._period)
        self._mixer = MixerControls(self._rig, Settings())
        self._active = ActiveInstruments(self._rig)
        self._played = np.zeros((BLOCKS * self._period, 2), np.float32)

    def _enter(self, source: str, settings: Settings) -> None:
        bundle = find_model(self.chance.choice(MODELS))
        self._active.drop_retired()
        if self._active.enter(SOURCES[source](bundle, settings, self._context)):
            self.found.instruments += 1
            self._mixer.apply(settings, listens=source == "effect")

    def _send(self, message: mido.Message) -> None:
        self.found.messages += 1
        self._active.receive(message, self._time_s)
        self._active.sound()

    @property
    def _time_s(self) -> float:
        return self.found.samples / self._context.rate

    def _happen(self) -> None:
        """What may happen in one period: nothing, mostly."""
        kind = self.chance.random() * 48_000 / self._context.rate * 512 / self._period
        if kind < 0.3:
            self._send(random_message(self.chance))
        elif kind < 0.302:
            source = "effect" if self.chance.random() < 0.3 else "synth"
            self._enter(source, random_settings(self.chance))
        elif kind < 0.305:
            settings = random_settings(self.chance)
            self._active.set(settings)
            self._mixer.apply(settings, listens=False)
        elif kind < 0.3055:
            self._active.panic()
            self._panics += 1
        elif kind < 0.308:
            self._active.freeze(self.chance.random() < 0.5)
        elif kind < 0.309:
            self._mixer.bypass(self.chance.random() < 0.2)
            self._bypass_until_s = self._time_s + BYPASS_FADE_S

    def _play(self, sound: np.ndarray, happens: Callable[[], None] | None) -> None:
        """BLOCKS periods; every sample that comes out is looked at."""
        began_s = self._time_s
        for begin in range(0, len(sound), self._period):
            if happens:
                happens()
            block = slice(begin, begin + self._period)
            self._rig.process(sound[block], self._played[block])
            self.found.samples += self._period
        self._active.answer()
        self._active.pass_time(self._time_s)
        self._active.drop_retired()
        level = np.abs(self._played)
        loudest = float(level.max())
        if not np.isfinite(loudest):
            self._complain("NaN or infinity")
        elif loudest > 1.0 and not self._mixer.bypassed and began_s > self._bypass_until_s:
            self._complain(f"a sample of {loudest}")
        small = level[(level > 0.0) & (level < np.finfo(np.float32).tiny)]
        if len(small):
            self._complain(f"{len(small)} denormal samples")
        self.found.loudest = max(self.found.loudest, min(loudest, 1.0))

    _panics = 0
    _bypass_until_s = -1.0  # the bypassed input may be beyond full scale

    def _complain(self, what: str) -> None:
        text = f"seed {self._seed}: {what} at {self._time_s:.2f} s"
        if len(self.found.wrong) < 5:
            self.found.wrong.append(text)

    def run(self, samples: int) -> Found:
        """The session, and then silence, which must come."""
        self._enter("synth", Settings())
        n, rate = BLOCKS * self._period, self._context.rate
        while self.found.samples < samples:
            self._play(heard(self.chance, n, rate, self.noise), self._happen)
        self._mixer.bypass(False)
        self._active.freeze(False)
        self._mixer.apply(Settings(), listens=False)
        self._active.set(Settings())
        for control in (64, 66, 121):
            for channel in range(16):
                self._send(mido.Message("control_change", channel=channel, control=control))
        for channel, note in itertools.product(range(16), range(128)):
            self._send(mido.Message("note_off", channel=channel, note=note))
        ends, rest = self._time_s + END_S, np.zeros((n, 2), np.float32)
        while self._time_s < ends:
            self._play(rest, None)
        current = self._active.current
        if current is not None and current.notes:
            self._complain(f"stuck notes {current.notes}")
        if float(np.abs(self._played).max()) > SILENT:
            self._complain(f"sound at the end: {float(np.abs(self._played).max()):.2g}")
        stats = self._rig.read()
        counts: dict[str, Any] = {
            "faults of a network": self._active.faults,
            # Frames of the 4 ms in which a panic fades wait for its end, and count as late.
            "late frames": max(0, stats.late_frames - 2 * MAX_VOICES * self._panics),
            "ticks lost": stats.tick_overruns,
            "frames lost": stats.frame_overruns,
            "stalls": stats.stalls,
        }
        for what, count in counts.items():
            if count:
                self._complain(f"{count} {what}")
        return self.found


def soak(samples: int, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> Found:
    """Sessions until so many samples have been played; what was found of all of them."""
    whole, warm_mb, begun = Found(), 0.0, time.monotonic()
    for number in itertools.count(seed):
        found = Session(number).run(min(A_SESSION, samples - whole.samples))
        whole.samples += found.samples
        whole.messages += found.messages
        whole.instruments += found.instruments
        whole.loudest = max(whole.loudest, found.loudest)
        whole.wrong += found.wrong
        now_mb = resident_mb()
        if number - seed == 2:
            warm_mb = now_mb
        say(f"{number}: {whole.samples:.3g} samples, {time.monotonic() - begun:.0f} s, "
            f"{now_mb:.1f} MB, {whole.messages} messages, {whole.instruments} instruments"
            + "".join(f"\n  {each}" for each in found.wrong))  # fmt: skip
        if whole.samples >= samples:
            break
    if warm_mb and resident_mb() > warm_mb + GREW_MB:
        whole.wrong.append(f"memory grew from {warm_mb:.1f} to {resident_mb():.1f} MB")
    return whole


def main() -> int:
    """Run it. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("samples", nargs="?", type=float, default=SAMPLES)
    parser.add_argument("--seed", type=int, default=1, help="of the first session")
    arguments = parser.parse_args()
    found = soak(round(arguments.samples), arguments.seed, lambda text: print(text, flush=True))
    print("\n".join(found.wrong) or f"{found.samples} samples: nothing is wrong")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
