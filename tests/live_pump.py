"""A LiveEngine without a card: the test runs the rig, block by block, and waits for answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mido
import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.live.engine import LiveEngine

RATE, PERIOD = 48_000, 128


class Pump:
    """``heard`` sounds go in, what comes out is returned; all in step, so deterministic."""

    def __init__(self, engine: LiveEngine, period: int = PERIOD) -> None:
        self.engine, self.period = engine, period

    def run(self, heard: np.ndarray | float) -> np.ndarray:
        """Mono input or seconds of silence; (n, 2) in whole periods."""
        n = round(heard * RATE) if isinstance(heard, float | int) else len(heard)
        n -= n % self.period
        source = np.zeros((n, 2), np.float32)
        if not isinstance(heard, float | int):
            source[:] = heard[:n, None]
        played = np.empty_like(source)
        for at in range(0, n, self.period):
            block = slice(at, at + self.period)
            self.engine.rig.process(source[block], played[block])
            self.engine.catch_up()
        return played

    def play(self, bundle: Bundle, **options: Any) -> None:
        """Begin a model; the rig need not run for that."""
        self.engine.play(bundle, **options).result(20)

    def midi(self, kind: str, **values: int) -> None:
        """A message that is answered before the next block."""
        self.engine.midi(mido.Message(kind, **values))
        self.engine.catch_up()


@contextmanager
def pumped(bundle: Bundle | None = None, period: int = PERIOD, **options: Any) -> Iterator[Pump]:
    """A started engine, with ``bundle`` playing."""
    with LiveEngine(None, period=period, **options) as engine:
        pump = Pump(engine, period)
        if bundle is not None:
            pump.play(bundle)
        yield pump


def level_db(sound: np.ndarray) -> float:
    """RMS, dB re full scale."""
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64))) + 1e-12))
