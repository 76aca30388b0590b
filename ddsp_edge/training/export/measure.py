"""What goes on a model card, measured through the engine that plays on stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge import evaluation
from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.evaluation import tracking
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.training.data.features import TRUST, Piece
from ddsp_edge.training.profiles import EDGE, Profile
from ddsp_edge.units import SILENCE_DB, midi_to_hz

#: The instrument and, where it has one, the room that it was learnt with; and it alone.
LEARNT, DRY = Settings(reverb_wet=0.0), Settings(reverb_wet=0.0, body=0.0)
CROP_S = 0.5
STAGE_RATE = 48_000
#: What is softer than this in the recording counts for no figure of :func:`follows`.
QUIET_DB = -60.0
#: At most so much of the held-out material is looked at for tracking, in seconds.
TRACKED_S = 120.0


def delay(profile: Profile) -> int:
    """Samples from the recording to the render: a frame describes the sound ``latency_s``
    before it and is reached one hop after it."""
    return round(profile.latency_s * profile.sample_rate) + profile.hop


def play(
    bundle: Bundle, piece: Piece, profile: Profile = EDGE, runtime: str | None = None
) -> np.ndarray:
    """The model's sound of the piece's own features, (samples,) mono at the profile's rate."""
    rate, hop = profile.sample_rate, profile.hop
    frames = [
        FeatureFrame((i + 1) * hop / rate, float(f0), float(loudness))
        for i, (f0, loudness) in enumerate(zip(piece.f0_hz, piece.loudness_db, strict=True))
    ]
    engine = Engine(bundle, rate, LEARNT, runtime=runtime)
    return engine.render(frames, (len(piece.audio) + delay(profile)) / rate)[:, 0]


def spectral_loss(sounds: list[np.ndarray], pieces: list[Piece], profile: Profile = EDGE) -> float:
    """Mean multi-scale spectral loss of ``sounds`` over the trusted half-seconds of ``pieces``."""
    rows, late = [], delay(profile)
    crop, hop = round(CROP_S * profile.sample_rate), profile.hop
    for sound, piece in zip(sounds, pieces, strict=True):
        for start in range(0, len(piece.audio) - crop, crop):
            if piece.weight[start // hop : (start + crop) // hop].mean() < TRUST:
                continue
            ours = sound[start + late : start + late + crop]
            rows.append(
                evaluation.multi_scale_spectral_loss(ours, piece.audio[start : start + crop])
            )
    return float(np.mean(rows))


@dataclass(frozen=True)
class Tracking:
    """How the model follows pitch and loudness of held-out recordings."""

    f0_cents: float  #: median absolute error of the pitches within 50 cents
    f0_right: float  #: share of the recording's pitched frames within 50 cents, 0..1
    f0_gross: float  #: share that is off by more than 20 %
    loudness_correlation: float  #: of the two levels in dB
    loudness_db: float  #: median absolute difference of the two levels, their means aligned
    hnr_db: float  #: median harmonics-to-noise ratio where both have a pitch
    hnr_recording_db: float  #: that of the recording in the same frames
    seconds: float  #: how much was compared


def follows(sounds: list[np.ndarray], pieces: list[Piece], profile: Profile = EDGE) -> Tracking:
    """Pitch and loudness of ``sounds`` against those of the recordings themselves.

    Both are measured on the audio, offline, by :mod:`ddsp_edge.evaluation`; frames that the
    preparation does not trust do not count.
    """
    rate, late = profile.sample_rate, delay(profile)
    known = np.concatenate([piece.f0_hz for piece in pieces])
    low, high = max(40.0, 0.7 * float(known.min())), min(4000.0, 1.5 * float(known.max()))
    scores, wanted, heard, seconds = [], [], [], 0.0
    clean: list[np.ndarray] = []
    for sound, piece in zip(sounds, pieces, strict=True):
        if seconds > TRACKED_S:
            break
        seconds += len(piece.audio) / rate
        theirs = evaluation.track_f0(piece.audio, rate, low, high)
        ours = evaluation.track_f0(sound, rate, low, high)
        at = np.minimum((theirs.times_s * rate).astype(int) // profile.hop, len(piece.weight) - 1)
        trusted = (piece.weight[at] > 0) & (piece.loudness_db[at] > QUIET_DB)
        scores.append(
            tracking.score(
                tracking.TrackerOutput(ours.times_s, ours.f0_hz, ours.f0_hz > 0),
                tracking.Reference(theirs.times_s, np.where(trusted, theirs.f0_hz, 0.0)),
            )
        )
        clean.append(_hnr_db(theirs, ours, trusted, round(late / rate / theirs.hop_s)))
        target = evaluation.loudness_track(piece.audio, rate)
        level = evaluation.loudness_track(sound[late : late + len(piece.audio)], rate)
        loud = target > QUIET_DB
        wanted.append(target[loud])
        heard.append(level[loud])
    a, b = np.concatenate(wanted), np.maximum(np.concatenate(heard), QUIET_DB)
    pooled = tracking.pooled(scores)
    hnr = np.concatenate(clean, axis=1)
    recording_db, own_db = np.median(hnr, axis=1) if hnr.shape[1] else (np.nan, np.nan)
    return Tracking(
        f0_cents=pooled.median_cents,
        f0_right=pooled.accuracy,
        f0_gross=pooled.gross,
        loudness_correlation=float(np.corrcoef(a, b)[0, 1]),
        loudness_db=float(np.median(np.abs((a - a.mean()) - (b - b.mean())))),
        hnr_db=float(own_db),
        hnr_recording_db=float(recording_db),
        seconds=seconds,
    )


def _hnr_db(
    theirs: evaluation.F0Track, ours: evaluation.F0Track, trusted: np.ndarray, late: int
) -> np.ndarray:
    """Harmonics-to-noise ratios of recording and render in dB, (2, frames), where both have a
    pitch; ``late``: frames by which the render follows."""
    count = min(len(theirs.f0_hz), len(ours.f0_hz) - late)
    pitched = trusted[:count] & (theirs.f0_hz[:count] > 0) & (ours.f0_hz[late : late + count] > 0)
    both = theirs.periodicity[:count], ours.periodicity[late : late + count]
    return np.array([evaluation.hnr_db(part[pitched]) for part in both])


@dataclass(frozen=True)
class Response:
    """Attack of the model on notes that start at once, and its level in silence."""

    attack_s: float  #: from the note to half its steady power; the slowest note's
    silence_dbfs: float  #: peak while it is shown silence


def response(bundle: Bundle, runtime: str | None = None) -> Response:
    """Play notes from silence: low, middle and high in the trained range, soft and loud."""
    answers = [
        _answer(bundle, pitch, loudness, runtime)
        for pitch in (0.2, 0.5, 0.8)
        for loudness in (0.3, 0.7)
    ]
    return Response(max(a.attack_s for a in answers), max(a.silence_dbfs for a in answers))


def _answer(bundle: Bundle, pitch: float, loudness: float, runtime: str | None) -> Response:
    """Play one note at these shares of the model's ranges and measure the response."""
    info = bundle.info
    low, high = info.min_pitch_note, info.max_pitch_note
    f0 = float(midi_to_hz(low + pitch * (high - low)))
    loud = info.min_loudness_db + loudness * (info.max_loudness_db - info.min_loudness_db)
    silent = [FeatureFrame(i * info.hop_s, f0, SILENCE_DB) for i in range(round(0.5 / info.hop_s))]
    begins = len(silent) * info.hop_s
    sounding = [
        FeatureFrame(begins + i * info.hop_s, f0, loud, onset=i == 0)
        for i in range(round(1.0 / info.hop_s))
    ]
    engine = Engine(bundle, STAGE_RATE, DRY, runtime=runtime)
    audio = engine.render(silent + sounding, begins + 1.0)[:, 0]
    before = audio[: round(begins * STAGE_RATE)]
    note = evaluation.ScoreNote(begins, begins + 1.0, lambda _: f0)
    onset = evaluation.measure_notes(audio, STAGE_RATE, [note])[0].onset_s
    attack = max(0.0, onset) if np.isfinite(onset) else 1.0
    peak = float(np.abs(before).max())
    return Response(attack, 20 * np.log10(max(peak, 1e-10)))
