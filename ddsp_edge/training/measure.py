"""What goes on a model card, measured through the engine that plays on stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge import evaluation
from ddsp_edge.bundle import Bundle
from ddsp_edge.engine import Engine
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.scaling import SILENCE_DB, midi_to_hz
from ddsp_edge.settings import Settings
from ddsp_edge.training.dataset import HOP, LATENCY_S, RATE, Piece

#: The dry instrument, alone.
DRY = Settings(reverb_wet=0.0)
CROP = RATE // 2
TRUST = 0.85
#: A frame describes the sound LATENCY_S before it and is reached one hop after it.
DELAY = round(LATENCY_S * RATE) + HOP


def play(bundle: Bundle, piece: Piece, runtime: str | None = None) -> np.ndarray:
    """The model's sound of the piece's own features, (samples,) mono at RATE."""
    frames = [
        FeatureFrame((i + 1) * HOP / RATE, float(f0), float(loudness))
        for i, (f0, loudness) in enumerate(zip(piece.f0_hz, piece.loudness_db, strict=True))
    ]
    engine = Engine(bundle, RATE, DRY, runtime=runtime)
    return engine.render(frames, (len(piece.audio) + DELAY) / RATE)[:, 0]


def spectral_loss(sounds: list[np.ndarray], pieces: list[Piece]) -> float:
    """Mean multi-scale spectral loss of ``sounds`` over the trusted half-seconds of ``pieces``."""
    rows = []
    for sound, piece in zip(sounds, pieces, strict=True):
        for start in range(0, len(piece.audio) - CROP, CROP):
            if piece.weight[start // HOP : (start + CROP) // HOP].mean() < TRUST:
                continue
            ours = sound[start + DELAY : start + DELAY + CROP]
            rows.append(
                evaluation.multi_scale_spectral_loss(ours, piece.audio[start : start + CROP])
            )
    return float(np.mean(rows))


@dataclass(frozen=True)
class Response:
    """How the model answers a note that starts at once."""

    attack_s: float  #: from the note to half its steady power
    silence_dbfs: float  #: peak while it is shown silence


def response(bundle: Bundle, runtime: str | None = None) -> Response:
    """Play one note from silence in the middle of the trained range."""
    info = bundle.info
    f0 = float(midi_to_hz(0.5 * (info.min_pitch_note + info.max_pitch_note)))
    loud = 0.3 * info.min_loudness_db + 0.7 * info.max_loudness_db
    silent = [FeatureFrame(i * info.hop_s, f0, SILENCE_DB) for i in range(round(0.5 / info.hop_s))]
    begins = len(silent) * info.hop_s
    sounding = [
        FeatureFrame(begins + i * info.hop_s, f0, loud, onset=i == 0)
        for i in range(round(1.0 / info.hop_s))
    ]
    audio = Engine(bundle, RATE, DRY, runtime=runtime).render(silent + sounding, begins + 1.0)[:, 0]
    before = audio[: round(begins * RATE)]
    note = evaluation.ScoreNote(begins, begins + 1.0, lambda _: f0)
    onset = evaluation.measure_notes(audio, RATE, [note])[0].onset_s
    attack = max(0.0, onset) if np.isfinite(onset) else 1.0
    peak = float(np.abs(before).max())
    return Response(attack, 20 * np.log10(max(peak, 1e-10)))
