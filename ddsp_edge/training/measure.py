"""What goes on a model card, measured through the engine that plays on stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge import evaluation
from ddsp_edge.bundle import Bundle
from ddsp_edge.engine import Engine
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.scaling import SILENCE_DB
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

    attack_s: float  #: from the note to 6 dB below its steady level
    silence_dbfs: float  #: peak while it is shown silence


def response(bundle: Bundle, runtime: str | None = None) -> Response:
    """Play one note from silence in the middle of the trained range."""
    info = bundle.info
    note = 0.5 * (info.min_pitch_note + info.max_pitch_note)
    f0 = 440.0 * 2.0 ** ((note - 69.0) / 12.0)
    loud = 0.3 * info.min_loudness_db + 0.7 * info.max_loudness_db
    silent = [FeatureFrame(i * info.hop_s, f0, SILENCE_DB) for i in range(round(0.5 / info.hop_s))]
    begins = len(silent) * info.hop_s
    sounding = [
        FeatureFrame(begins + i * info.hop_s, f0, loud, onset=i == 0)
        for i in range(round(1.0 / info.hop_s))
    ]
    audio = Engine(bundle, RATE, DRY, runtime=runtime).render(silent + sounding, begins + 1.0)[:, 0]
    before, note_audio = np.split(audio, [round(begins * RATE)])
    period = RATE / f0
    window = np.ones(max(1, round(period))) / max(1, round(period))
    # The mean over the coming period, so that the window adds no delay of its own.
    power = np.convolve(note_audio.astype(np.float64) ** 2, window)[len(window) - 1 :]
    steady = np.mean(note_audio[RATE // 2 : RATE - RATE // 10].astype(np.float64) ** 2)
    reached = np.flatnonzero(power >= steady * 10 ** (-6 / 10))
    attack = float(reached[0] / RATE) if len(reached) else 1.0
    peak = float(np.abs(before).max())
    return Response(attack, 20 * np.log10(max(peak, 1e-10)))
