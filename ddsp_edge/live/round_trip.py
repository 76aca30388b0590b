"""Round trip through a sound card by a cable from its output to its input.

An exponential sweep (A. Farina, AES 108, 2000) goes out; what comes in is divided by it, which
gives the impulse response of the whole way. Its peak is the round trip to the sample, the slope
of its phase the rest: a click would tell no more than the sample, and in a noisy room not that.
"""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.live.test_tone import faded, gains
from ddsp_edge.units import FULL_SCALE, db_to_gain

if TYPE_CHECKING:
    from ddsp_edge.live.engine import LiveEngine

SWEEP_S, LEVEL_DBFS = 1.0, -12.0
SWEEPS_S, LEVELS_DBFS = (0.5, 10.0), (-60.0, 0.0)
#: Longest round trip that is looked for: nobody plays through more.
LONGEST_S = 1.0
LOWEST_HZ = 20.0
#: What comes back softer than this, or less clear of the noise, is no cable.
LEAST_DB, LEAST_SNR_DB = -60.0, 20.0
FADE_S = 0.01
#: The engine's own fade, with room.
QUIET_S = 0.1


@dataclass(frozen=True, slots=True)
class Loopback:
    """The round trip that was measured, and how it was heard."""

    samples: int  #: round trip, from the sample that went out to where it came in
    fraction: float  #: -0.5..0.5 samples more
    rate: int  #: Hz
    input: str  #: the side that heard it: "left" or "right"
    level_db: float  #: what comes in, relative to what goes out
    snr_db: float  #: the peak of the impulse response above what lies around it
    inverted: bool  #: the cable or a converter turns the sign
    clipped: bool

    @property
    def ms(self) -> float:
        return (self.samples + self.fraction) / self.rate * 1e3


def sweep(rate: int, seconds: float = SWEEP_S, level_dbfs: float = LEVEL_DBFS) -> np.ndarray:
    """The sweep, and LONGEST_S of silence after it: (n,) float32. Raises UserError."""
    if not SWEEPS_S[0] <= seconds <= SWEEPS_S[1]:
        raise UserError(f"latency: {seconds:g} s; choose {SWEEPS_S[0]:g} to {SWEEPS_S[1]:g}")
    if not LEVELS_DBFS[0] <= level_dbfs <= LEVELS_DBFS[1]:
        raise UserError(
            f"latency: {level_dbfs:g} dBFS; choose {LEVELS_DBFS[0]:g} to {LEVELS_DBFS[1]:g}"
        )
    n, top = round(seconds * rate), 0.45 * rate
    octaves = np.log(top / LOWEST_HZ)
    t = np.arange(n) / rate
    phase = 2 * np.pi * LOWEST_HZ * seconds / octaves * np.expm1(t / seconds * octaves)
    sound = faded(db_to_gain(level_dbfs) * np.sin(phase), FADE_S, rate)
    return np.concatenate([sound, np.zeros(round(LONGEST_S * rate))]).astype(np.float32)


def analyse(played: np.ndarray, heard: np.ndarray, rate: int) -> Loopback:
    """``played`` (n,) and what came in, ``heard`` (n, 2). Raises UserError where that is not it."""
    side = int(np.argmax(np.sum(np.square(heard, dtype=np.float64), axis=0)))
    came = heard[:, side].astype(np.float64)
    size = 1 << int(np.ceil(np.log2(2 * len(played))))
    out, back = np.fft.rfft(played, size), np.fft.rfft(came, size)
    power = np.abs(out) ** 2
    hz = np.fft.rfftfreq(size, 1 / rate)
    band = (hz > 2 * LOWEST_HZ) & (hz < 0.42 * rate)
    # Outside of the sweep there is nothing to divide by.
    ratio = np.where(band, back * np.conj(out) / np.maximum(power, power[band].min()), 0.0)
    response = np.fft.irfft(ratio, size)[: round(LONGEST_S * rate)]
    peak = int(np.argmax(np.abs(response)))
    height = abs(float(response[peak]))
    around = response.copy()
    around[max(0, peak - round(0.005 * rate)) : peak + round(0.02 * rate)] = 0.0
    noise = float(np.sqrt(np.mean(around**2)))
    snr_db = 20 * np.log10(max(height, 1e-12) / max(noise, 1e-9))
    middle = (hz > 100) & (hz < 0.2 * rate)
    level_db = 20 * np.log10(max(float(np.median(np.abs(ratio[middle]))), 1e-9))
    if level_db < LEAST_DB or snr_db < LEAST_SNR_DB:
        raise UserError(
            f"latency: nothing came back (level {level_db:.0f} dB, {snr_db:.0f} dB above the "
            "noise); put a cable from an output to an input, and turn both up"
        )
    inverted = bool(response[peak] < 0)
    # What is left of the delay turns the phase in proportion to the frequency.
    turned = np.angle(
        ratio[middle] * np.exp(2j * np.pi * hz[middle] * peak / rate) * (1, -1)[inverted]
    )
    weight = hz[middle]
    fraction = -float(np.sum(weight * turned) / np.sum(weight**2)) * rate / (2 * np.pi)
    return Loopback(
        peak,
        fraction,
        rate,
        ("left", "right")[side],
        level_db,
        float(snr_db),
        inverted,
        bool(np.abs(came).max(initial=0.0) >= FULL_SCALE),
    )


def measure(
    engine: LiveEngine,
    seconds: float = SWEEP_S,
    level_dbfs: float = LEVEL_DBFS,
    side: str = "both",
) -> dict[str, object]:
    """Through a running engine, which is muted meanwhile: plain values. Waits. Raises UserError.

    Not in the engine's own threads.
    """
    rate, sides = engine.rate, gains(side)
    played = sweep(rate, seconds, level_dbfs)
    heard = np.zeros((len(played), 2), np.float32)
    muted = bool(engine.status()["mute"])
    engine.mute(True)
    try:
        time.sleep(QUIET_S)
        engine.test(played, sides, heard).result(len(played) / rate + 5.0)
        stream = engine.stats()["stream"] or {}
    except FutureTimeout:
        raise UserError("latency: the sound card stands still; see: ddsp-edge status") from None
    finally:
        engine.mute(muted)
    return facts(analyse(played, heard, rate), stream)


def facts(found: Loopback, stream: dict[str, object]) -> dict[str, object]:
    """For answers. ``stream`` is the engine's: what of the round trip is its buffers'."""
    period, delay = stream.get("period"), stream.get("delay")
    known = isinstance(period, int) and isinstance(delay, int) and delay > 0
    buffers = period + delay if known else None  # type: ignore[operator]
    return {
        "round_trip_samples": found.samples,
        "fraction_samples": round(found.fraction, 3),
        "round_trip_ms": round(found.ms, 3),
        "rate_hz": found.rate,
        "input": found.input,
        "level_db": round(found.level_db, 2),
        "snr_db": round(found.snr_db, 1),
        "inverted": found.inverted,
        "buffers_samples": buffers,
        "beyond_samples": found.samples - buffers if buffers is not None else None,
        "warning": "the input clips; turn it down" if found.clipped else "",
    }
