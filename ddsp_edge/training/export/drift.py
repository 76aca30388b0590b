"""Differences between an exported decoder and the torch module that it was made from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from ddsp_edge.units import db_to_gain, scale_f0, scale_loudness

#: (f0_scaled [1], pw_scaled [1], state [S]) -> (amplitude, harmonics, noise, state), float32.
Step = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, ...]]

#: Levels this far below the loudest of the track are not compared, in dB.
FLOOR_DB = 70.0


@dataclass(frozen=True, slots=True)
class Drift:
    """Mean absolute level differences over a track, and the largest state difference."""

    steps: int
    amplitude_db: float  #: of the amplitude
    harmonics_db: float  #: of amplitude times each harmonic's share
    noise_db: float  #: of the noise magnitudes
    state: float  #: largest absolute difference (the state is in -1..1)
    finite: bool  #: no NaN or infinity anywhere

    def within(self, limit: Drift) -> bool:
        """Whether no difference is above the same one of ``limit``."""
        return self.finite and all(
            getattr(self, name) <= getattr(limit, name)
            for name in ("amplitude_db", "harmonics_db", "noise_db", "state")
        )

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def check_track(
    steps: int = 1000, low_hz: float = 110.0, high_hz: float = 880.0
) -> tuple[np.ndarray, np.ndarray]:
    """f0_scaled and pw_scaled, (steps,) float32: what a player does.

    Five passages of equal length: a glide through the whole range, a crescendo on one note,
    silence, jumping notes with attacks, vibrato with tremolo.
    """
    t = np.arange(steps) / steps
    low, high = math.log2(low_hz), math.log2(high_hz)
    place = (t * 5) % 1  # 0..1 within the passage
    passage = np.minimum((t * 5).astype(int), 4)
    note = np.floor(place * 8)
    pitch = np.select(
        [passage == 0, passage == 1, passage == 2, passage == 3],
        [place, 0.4, 0.4, (note * 5 % 8) / 8],
        0.6 + 0.02 * np.sin(2 * np.pi * 12 * place),
    )
    loudness = np.select(
        [passage == 0, passage == 1, passage == 2, passage == 3],
        [-25.0, -70 + 60 * place, -80.0, -15 - 30 * ((place * 8) % 1)],
        -30 + 8 * np.sin(2 * np.pi * 9 * place),
    )
    f0_scaled = scale_f0(2.0 ** (low + pitch * (high - low)))
    return f0_scaled.astype(np.float32), scale_loudness(loudness).astype(np.float32)


def play(step: Step, track: tuple[np.ndarray, np.ndarray], state_size: int) -> list[np.ndarray]:
    """A decoder along (f0_scaled, pw_scaled), (frames,) each, from silence: amplitude (frames, 1),
    harmonics (frames, n), noise (frames, m) and state (frames, state_size), float32."""
    state = np.zeros(state_size, np.float32)
    rows = []
    for f0_scaled, pw_scaled in zip(*track, strict=True):
        outputs = step(f0_scaled[None], pw_scaled[None], state)
        rows.append([np.array(output, np.float32) for output in outputs])
        state = rows[-1][3]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _level_error(reference: np.ndarray, other: np.ndarray) -> float:
    floor = max(float(reference.max()) * db_to_gain(-FLOOR_DB), 1e-9)
    heard = reference > floor
    if not heard.any():
        return 0.0
    ratio = np.maximum(other[heard], floor) / reference[heard]
    return float(np.mean(np.abs(20 * np.log10(ratio))))


def measure(
    reference: Step, other: Step, state_size: int, track: tuple[np.ndarray, np.ndarray]
) -> Drift:
    """Play the track through both, each with its own state, and compare."""
    a, b = (
        [output.astype(np.float64) for output in play(decoder, track, state_size)]
        for decoder in (reference, other)
    )
    finite = all(bool(np.isfinite(x).all()) for x in (*a, *b))
    if not finite:
        return Drift(len(track[0]), math.inf, math.inf, math.inf, math.inf, False)

    def partials(outputs: list[np.ndarray]) -> np.ndarray:
        share = outputs[1] / np.maximum(outputs[1].sum(axis=1, keepdims=True), 1e-9)
        return outputs[0] * share

    return Drift(
        steps=len(track[0]),
        amplitude_db=_level_error(a[0], b[0]),
        harmonics_db=_level_error(partials(a), partials(b)),
        noise_db=_level_error(a[2], b[2]),
        state=float(np.abs(a[3] - b[3]).max()),
        finite=True,
    )
