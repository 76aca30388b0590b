"""A model of 50 frames a second plays here without its 20 ms steps being heard.

A glide of an octave with a wide vibrato, in a crescendo of 35 dB. What is left of the frames are
sidebands about 50 Hz away from the tone: its frequency and its level, modulated at 35 to 65 Hz.
Just noticeable where the ear is keenest, at 4 Hz, are 0.35 % (6 cents) of frequency and 2 % of
amplitude (Zwicker and Fastl, Psychoacoustics). The bounds are a quarter and a third of those;
without the kernel's ramps they are passed several times over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from conftest import Exports
from dry_bundle import dry

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.conditioned import ConditionedDecoder, Target
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

RATE, SECONDS = 48_000, 2.1
MOST_CENTS, MOST_PERCENT = 1.5, 0.7
LOW_HZ, HIGH_HZ = 35.0, 65.0  #: of the modulation that the steps make


@dataclass
class Steps:
    """Peak modulation of the fundamental between LOW_HZ and HIGH_HZ."""

    cents: float
    percent: float


def _asked(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    vibrato = 0.5 * np.sin(2 * np.pi * 5.5 * t)
    return 220.0 * 2.0 ** (t / 2 + vibrato / 12), -45.0 + 17.5 * t


def _play(bundle: Bundle, runtime: str | None = None) -> np.ndarray:
    hop_s = bundle.info.hop_s
    times = np.arange(1, int(SECONDS / hop_s)) * hop_s
    frames = [
        FeatureFrame(float(t), float(f0), float(db))
        for t, f0, db in zip(times, *_asked(times), strict=True)
    ]
    engine = Engine(bundle, RATE, Settings(reverb_wet=0.0, noise_gain=-60.0), runtime)
    return engine.render(frames, SECONDS)[:, 0].astype(np.float64)


def _steps(sound: np.ndarray, hop_s: float) -> Steps:
    """The fundamental, moved to 0 Hz along the pitch that was asked for a hop ago."""
    t = np.arange(len(sound)) / RATE
    f0, _ = _asked(np.maximum(t - hop_s, 0.0))
    window = np.hanning(961)
    window /= window.sum()
    tone = np.convolve(sound * np.exp(-2j * np.pi * np.cumsum(f0) / RATE), window, "same")
    part = slice(int(0.3 * RATE), int(1.9 * RATE), 48)
    tone, rate = tone[part], RATE / 48
    off = np.diff(np.unwrap(np.angle(tone))) * rate / (2 * np.pi)
    cents = 1200 * np.log2(1 + off / f0[part][1:])
    return Steps(_peak(cents, rate, window), _peak(100 * np.log(np.abs(tone)), rate, window))


def _peak(track: np.ndarray, rate: float, window: np.ndarray) -> float:
    n = np.arange(len(track))
    track = track - np.polyval(np.polyfit(n, track, 5), n)
    spectrum = np.abs(np.fft.rfft(track * np.hanning(len(n)))) * 4 / len(n)
    hz = np.fft.rfftfreq(len(n), 1 / rate)
    passed = np.abs(np.fft.rfft(window, RATE))[np.round(hz).astype(int)]
    inside = (hz > LOW_HZ) & (hz < HIGH_HZ)
    return float((spectrum[inside] / passed[inside]).max())


def _slow_violin() -> Bundle:
    """Our own violin, shown a frame every 20 ms only."""
    violin = dry(find_model("violin"))
    return Bundle(replace(violin.info, frame_rate=50.0, frame_size=960), violin.model)


def _assert_smooth(bundle: Bundle) -> None:
    steps = _steps(_play(bundle), bundle.info.hop_s)
    assert steps.cents < MOST_CENTS, steps
    assert steps.percent < MOST_PERCENT, steps


def test_a_ddsp_vst_model(exports: Exports) -> None:
    _assert_smooth(exports("vst", "none"))


def test_a_trained_instrument_at_50_frames_a_second() -> None:
    _assert_smooth(_slow_violin())


def test_at_200_frames_a_second_next_to_nothing_is_left() -> None:
    violin = dry(find_model("violin"))
    steps = _steps(_play(violin), violin.info.hop_s)
    assert steps.cents < 0.05 and steps.percent < 0.1, steps


def test_the_measure_hears_steps_that_are_not_smoothed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ConditionedDecoder.targets

    def in_steps(decoder: ConditionedDecoder, frame: FeatureFrame) -> list[Target]:
        return [target._replace(ramp_s=0.0) for target in real(decoder, frame)]

    monkeypatch.setattr(ConditionedDecoder, "targets", in_steps)
    steps = _steps(_play(_slow_violin(), "litert"), 0.02)
    assert steps.cents > 3 * MOST_CENTS and steps.percent > 1.5 * MOST_PERCENT, steps
