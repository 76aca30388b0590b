"""Pitch trackers behind one face: audio at 48 kHz in, what each says as the sound comes in, out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ddsp_edge.bench.analyser.signals import RATE
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.tracking import TrackerOutput
from ddsp_edge.units import VOICED_CONFIDENCE
from native.kernel import Analyser

HOP_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 40.0, 2000.0
QUIET_RMS = 1e-3  #: trackers that have no silence of their own trust nothing below

Tracker = Callable[[np.ndarray], TrackerOutput]


def kernel(audio: np.ndarray) -> TrackerOutput:
    """The kernel's own analyser, as the live instrument uses it."""
    rows = Analyser(RATE, HOP_S, eager=True).process(audio.astype(np.float32))
    times, f0_hz = rows["position"] / RATE, rows["f0_hz"].astype(float)
    return TrackerOutput(times, f0_hz, rows["confidence"] >= VOICED_CONFIDENCE)


def library(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise UserError(
            f"the comparison needs {name}: pip install 'ddsp-edge[bench]' (or give --own)"
        ) from None


def _framed(audio: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames that end now, every hop, and when they end; silence before the start."""
    hop = round(HOP_S * RATE)
    ends = np.arange(hop, len(audio) + 1, hop)
    padded = np.concatenate([np.zeros(length), audio])
    return padded[ends[:, None] + np.arange(length)], ends / RATE


def _held(f0_hz: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Hold the last known pitch where a tracker has none."""
    last = np.maximum.accumulate(np.where(known, np.arange(len(f0_hz)), -1))
    return np.where(last >= 0, f0_hz[np.maximum(last, 0)], 0.0)


def yin(audio: np.ndarray) -> TrackerOutput:
    """YIN (librosa), frames of 2,400 samples (two periods of 40 Hz) that end now."""
    librosa = library("librosa")
    length = 2400
    padded = np.concatenate([np.zeros(length - round(HOP_S * RATE)), audio])
    f0 = librosa.yin(padded, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE, frame_length=length,
                     hop_length=round(HOP_S * RATE), center=False)  # fmt: skip
    times = (1 + np.arange(len(f0))) * HOP_S
    frames, _ = _framed(audio, length)
    loud = np.sqrt(np.mean(frames[: len(f0)] ** 2, axis=1)) > QUIET_RMS
    return TrackerOutput(times, _held(f0, loud), loud)


def pyin(audio: np.ndarray) -> TrackerOutput:
    """pYIN (librosa), the same frames, in steps of 20 cents (it is slow); its Viterbi search sees
    the whole file: not causal."""
    librosa = library("librosa")
    hop = round(HOP_S * RATE)
    padded = np.concatenate([np.zeros(2400 - hop), audio])
    f0, voiced, _ = librosa.pyin(padded, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE,
                                 frame_length=2400, hop_length=hop, center=False,
                                 fill_na=None, resolution=0.2)  # fmt: skip
    return TrackerOutput((1 + np.arange(len(f0))) * HOP_S, _held(f0, f0 > 0), voiced)


@cache
def _swift() -> Any:
    return library("swift_f0").SwiftF0(threads=1)


def swift(audio: np.ndarray) -> TrackerOutput:
    """SwiftF0 (a convolutional network, 16 kHz), causally: it is given the sound up to now and its
    newest frame but one is taken (it never trusts the newest). Its own streaming waits for 160 ms
    of future instead."""
    import soxr

    model, rate, past = _swift(), 16_000, 24 * 256
    # A linear-phase resampler looks ahead: generous to this tracker by about a millisecond.
    low = soxr.resample(audio, RATE, rate, "HQ").astype(np.float32)
    low = np.concatenate([np.zeros(past, np.float32), low])
    step = 1.0 / 100
    times = np.arange(step, len(audio) / RATE, step)
    f0, confidence = np.zeros(len(times)), np.zeros(len(times))
    for i, time_s in enumerate(times):
        end = past + round(time_s * rate)
        found = model.detect(low[end - past : end], rate)
        f0[i], confidence[i] = found.pitch_hz[-2], found.confidence[-2]
    return TrackerOutput(times, _held(f0, confidence >= 0.5), confidence >= 0.5)


#: Name in the table to tracker.
PEERS: dict[str, Tracker] = {
    "YIN, causal": yin,
    "pYIN, whole file": pyin,
    "SwiftF0, causal": swift,
}
