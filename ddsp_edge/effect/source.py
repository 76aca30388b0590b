"""Audio in, feature frames out: exactly what the stage hears, offline."""

from __future__ import annotations

import numpy as np

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.effect.player import EffectPlayer
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from native.kernel import Analyser


def analyse(audio: np.ndarray, rate: float, hop_s: float) -> np.ndarray:
    """Analyse mono audio into features (``native.kernel.FEATURE_DTYPE``), one row a hop."""
    return Analyser(rate, hop_s).process(audio)


def heard_on_stage(audio: np.ndarray, rate: float, hop_s: float) -> np.ndarray:
    """Do as :func:`analyse`, but report a sound's first pitch at once, as live."""
    return Analyser(rate, hop_s, eager=True).process(audio)


def frames_of(features: np.ndarray, rate: float, player: EffectPlayer) -> list[FeatureFrame]:
    """Turn features of :func:`analyse` into frames with the player that also plays live."""
    return [
        player.frame(f0_hz, confidence, loudness_db, time_s, treble_db)
        for f0_hz, confidence, loudness_db, time_s, treble_db in zip(
            features["f0_hz"].tolist(),
            features["confidence"].tolist(),
            features["loudness_db"].tolist(),
            (features["position"] / rate).tolist(),
            features["treble_db"].tolist(),
            strict=True,
        )
    ]


def effect_frames(
    audio: np.ndarray, rate: float, info: ModelInfo, settings: Settings | None = None
) -> list[FeatureFrame]:
    """Turn mono audio (``input_trim`` applied) into the frames of a model, at its control rate."""
    player = EffectPlayer(info.hop_s, settings or Settings())
    return frames_of(heard_on_stage(audio, rate, info.hop_s), rate, player)
