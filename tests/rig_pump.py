"""Driving a rig offline: blocks in a row, a control thread that answers after each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np

from native.rig import NOW, Part, Rig

RATE, PERIOD, HOP_S = 48_000, 128, 0.005
N_HARMONICS, N_NOISE = 8, 5

HARMONICS = (1.0 / np.arange(1, N_HARMONICS + 1)).astype(np.float32)
NO_NOISE = np.zeros(N_NOISE, np.float32)


def make_part(n_voices: int = 1, listens: bool = False, **changed: object) -> Part:
    wanted: dict[str, object] = {
        "sample_rate": RATE,
        "period": PERIOD,
        "n_voices": n_voices,
        "n_harmonics": N_HARMONICS,
        "n_noise": N_NOISE,
        "band_limit_hz": 24_000.0,
        "hop_s": HOP_S,
        "listens": listens,
    }
    return Part(**(wanted | changed))  # type: ignore[arg-type]


def send(
    part: Part,
    f0_hz: float = 220.0,
    amplitude: float = 0.5,
    position: int = NOW,
    voice: int = 0,
    ramp_s: float = HOP_S,
    harmonics: np.ndarray = HARMONICS,
    noise: np.ndarray = NO_NOISE,
) -> bool:
    return part.send_frame(voice, position, f0_hz, amplitude, harmonics, noise, ramp_s)


def sine(hz: float, duration_s: float, amplitude: float = 0.5) -> np.ndarray:
    """The same on both sides."""
    wave = amplitude * np.sin(2 * np.pi * hz * np.arange(round(duration_s * RATE)) / RATE)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def pump(
    rig: Rig,
    heard: np.ndarray | float,
    after: Callable[[int], None] | None = None,
    blocks: tuple[int, ...] = (PERIOD,),
) -> np.ndarray:
    """The output for ``heard`` (n, 2), or for so many seconds without an input.

    ``after(n)`` plays the control thread after each block; ``blocks`` are taken in turn.
    """
    source = None if isinstance(heard, float | int) else np.ascontiguousarray(heard, np.float32)
    total = round(heard * rig.sample_rate) if source is None else len(source)  # type: ignore[operator]
    out = np.full((total, 2), np.nan, np.float32)
    at = 0
    for block in cycle(blocks):
        if at >= total:
            return out
        end = min(at + block, total)
        rig.process(None if source is None else source[at:end], out[at:end])
        if after is not None:
            after(end - at)
        at = end
    raise AssertionError("no blocks")


def answering(part: Part, **frame: object) -> Callable[[int], None]:
    """A control thread that answers each tick at once with the same frame."""

    def after(_: int) -> None:
        for tick in part.read_ticks():
            send(part, position=int(tick["position"]), **frame)  # type: ignore[arg-type]

    return after
