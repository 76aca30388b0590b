"""Every key at twelve velocities, played as a MIDI file would be and measured on the sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mido
import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.synth.player import SynthPlayer
from ddsp_edge.units import midi_to_hz

VELOCITIES = (1, 12, 24, 35, 47, 58, 70, 81, 93, 104, 116, 127)
RATE = 48_000
WINDOW = 16_384  #: samples of which a note's spectrum is taken, at its end
NOTE_S, REST_S = 0.7, 0.1
HIGH_HZ = 8000.0
LOWEST_KEY, HIGHEST_KEY = 12, 120
BELOW_RANGE, ABOVE_RANGE = 12, 24  #: keys that are played beyond the range
#: A dry note that is held: no player, no room.
PLAIN: dict[str, Any] = {
    "expression": 0.0, "sustain": 1.0, "attack": 0.005, "release": 0.01, "reverb_wet": 0.0,
}  # fmt: skip
_LINE_BINS = 4  #: on both sides of a harmonic count as its own
_PARTIALS = 8  #: among which the pitch is read
_LEAST = 1e-16


@dataclass(frozen=True)
class Sweep:
    """What was measured. All arrays are (keys, velocities)."""

    keys: tuple[int, ...]  #: MIDI keys, rising
    velocities: tuple[int, ...]  #: rising
    in_range: tuple[bool, ...]  #: whether each key is within what the model was trained on
    level_db: np.ndarray  #: mean square, dB re full scale
    centroid_hz: np.ndarray  #: of the power spectrum
    high_share: np.ndarray  #: of the power, above HIGH_HZ, 0..1
    noise_share: np.ndarray  #: of the power, off the harmonics, 0..1
    f0_cents: np.ndarray  #: how far the pitch is from the key's
    centroid_fall: float = 0.0  #: of the recordings, 0..1

    def as_json(self) -> dict[str, Any]:
        """Return it for ``json.dumps``; tables are a list for each key."""
        tables = {
            name: np.round(getattr(self, name), digits).tolist()
            for name, digits in (
                ("level_db", 2),
                ("centroid_hz", 1),
                ("high_share", 5),
                ("noise_share", 5),
                ("f0_cents", 2),
            )
        }
        return {
            "keys": list(self.keys),
            "velocities": list(self.velocities),
            "in_range": list(self.in_range),
            "centroid_fall": self.centroid_fall,
            **tables,
        }


def swept_keys(bundle: Bundle) -> list[int]:
    """The keys of the model's range, an octave below it and two above."""
    info = bundle.info
    low = math.ceil(info.min_pitch_note) - BELOW_RANGE
    high = math.floor(info.max_pitch_note) + ABOVE_RANGE
    return list(range(max(LOWEST_KEY, low), min(HIGHEST_KEY, high) + 1))


def sweep(
    bundle: Bundle,
    keys: Sequence[int] | None = None,
    velocities: Sequence[int] = VELOCITIES,
    runtime: str | None = None,
) -> Sweep:
    """Play and measure every key at every velocity. Raises UserError where it cannot play."""
    keys = swept_keys(bundle) if keys is None else list(keys)
    info = bundle.info
    engine = Engine(bundle, RATE, Settings(**PLAIN), runtime, notes=True)
    rows = []
    for key in keys:
        engine.reset()
        rows.append(_measure(_play(engine, bundle, key, velocities), key, len(velocities)))
    level, centroid, high, noise, cents = np.moveaxis(np.array(rows), 2, 0)
    return Sweep(
        tuple(keys),
        tuple(velocities),
        tuple(info.min_pitch_note <= key <= info.max_pitch_note for key in keys),
        level,
        centroid,
        high,
        noise,
        cents,
        info.loudness_map.centroid_fall if info.loudness_map else 0.0,
    )


def _play(engine: Engine, bundle: Bundle, key: int, velocities: Sequence[int]) -> np.ndarray:
    """One key at every velocity, one after the other: mono."""
    player = SynthPlayer(bundle.info, engine.settings)
    hop_s, frames, tick = bundle.info.hop_s, list[FeatureFrame](), 0

    def until(time_s: float) -> None:
        nonlocal tick
        while tick * hop_s < time_s:
            frames.extend(player.onsets(tick * hop_s))
            frames.extend(player.frames(tick * hop_s))
            tick += 1

    for i, velocity in enumerate(velocities):
        begins = i * (NOTE_S + REST_S)
        until(begins)
        player.receive(begins, mido.Message("note_on", note=key, velocity=velocity))
        frames.extend(player.onsets(begins))
        until(begins + NOTE_S)
        player.receive(begins + NOTE_S, mido.Message("note_off", note=key))
    length_s = len(velocities) * (NOTE_S + REST_S)
    until(length_s)
    return engine.render(frames, length_s)[:, 0]


def _measure(sound: np.ndarray, key: int, count: int) -> np.ndarray:
    """(velocities, 5): level, centroid, share above HIGH_HZ, share of noise, cents."""
    window = np.hanning(WINDOW + 1)[:-1]
    ends = [round((i * (NOTE_S + REST_S) + NOTE_S) * RATE) for i in range(count)]
    parts = np.array([sound[end - WINDOW : end] for end in ends], np.float64)
    power = np.abs(np.fft.rfft(parts * window, axis=1)) ** 2
    hz = np.fft.rfftfreq(WINDOW, 1.0 / RATE)
    total = np.maximum(power.sum(axis=1), _LEAST)
    f0_hz = float(midi_to_hz(key))
    lines = np.zeros(len(hz), bool)
    for harmonic in np.arange(f0_hz, RATE / 2, f0_hz):
        at = round(harmonic / hz[1])
        lines[max(0, at - _LINE_BINS) : at + _LINE_BINS + 1] = True
    return np.stack(
        [
            10.0 * np.log10(np.maximum(np.mean(parts**2, axis=1), _LEAST)),
            power @ hz / total,
            power[:, hz > HIGH_HZ].sum(axis=1) / total,
            power[:, ~lines].sum(axis=1) / total,
            [_cents(each, f0_hz, float(hz[1])) for each in power],
        ],
        axis=1,
    )


def _cents(power: np.ndarray, f0_hz: float, bin_hz: float) -> float:
    """How far the strongest of the first partials is from where it should be; 0 in silence."""
    best, cents = 0.0, 0.0
    for k in range(1, _PARTIALS + 1):
        at = max(_LINE_BINS + 1, round(k * f0_hz / bin_hz))
        if at + _LINE_BINS + 1 >= len(power):
            break
        peak = at - _LINE_BINS + int(power[at - _LINE_BINS : at + _LINE_BINS + 1].argmax())
        if power[peak] <= max(best, _LEAST):
            continue
        a, b, c = 0.5 * np.log(np.maximum(power[peak - 1 : peak + 2], _LEAST))
        # At the window's edge the strongest bin need not be a peak: no parabola goes through it.
        offset = min(max(0.5 * (a - c) / min(a - 2.0 * b + c, -1e-9), -0.5), 0.5)
        best = float(power[peak])
        cents = 1200.0 * math.log2((peak + offset) * bin_hz / (k * f0_hz))
    return cents
