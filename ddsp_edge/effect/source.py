"""Audio in, feature frames out: exactly what the stage hears, offline."""

from __future__ import annotations

import numpy as np

from ddsp_edge.frames import FeatureFrame
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.scaling import SILENCE_DB
from native.kernel import Analyser

#: Below KNEE_DB two decibels are taken for one, so that room noise fades into silence
#: at (KNEE_DB + SILENCE_DB) / 2 without a switch that could flutter.
KNEE_DB = -60.0


def analyse(audio: np.ndarray, rate: float, hop_s: float) -> np.ndarray:
    """Mono audio to features (``native.kernel.FEATURE_DTYPE``), one row a hop."""
    return Analyser(rate, hop_s).process(audio)


def gate(loudness_db: np.ndarray) -> np.ndarray:
    """Loudness with the quiet end pulled down into silence."""
    pulled = np.where(loudness_db < KNEE_DB, 2 * loudness_db - KNEE_DB, loudness_db)
    return np.maximum(pulled, SILENCE_DB)


def frames_of(features: np.ndarray, rate: float) -> list[FeatureFrame]:
    """Features of :func:`analyse` to frames. Where there is no pitch, the last one holds."""
    return [
        FeatureFrame(time_s, f0_hz, loudness_db, confidence)
        for time_s, f0_hz, loudness_db, confidence in zip(
            (features["position"] / rate).tolist(),
            features["f0_hz"].tolist(),
            gate(features["loudness_db"]).tolist(),
            features["confidence"].tolist(),
            strict=True,
        )
    ]


def effect_frames(audio: np.ndarray, rate: float, info: ModelInfo) -> list[FeatureFrame]:
    """Mono audio to the frames of a model, at its control rate."""
    return frames_of(analyse(audio, rate, info.hop_s), rate)
