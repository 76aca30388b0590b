"""Recordings to training data: audio, the kernel's own features, and analysed targets.

The features come from the same streaming analyser that plays on stage (no skew).
Frame i hears the audio up to t_i; what it should sound like is taken LATENCY_S
earlier, so that the model is never asked to guess the future.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ddsp_edge.errors import UserError
from ddsp_edge.training.analysis import analyse_targets
from ddsp_edge.training.phrases import phrases
from ddsp_edge.training.profiles import EDGE, Profile
from ddsp_edge.training.recipes import Recipe
from native.kernel import Analyser

RATE = 48_000
FRAME_RATE = 200
HOP = RATE // FRAME_RATE
N_HARMONICS = 100
N_NOISE = 65
LATENCY_S = 0.005  #: the model's output describes the sound this long before its input frame
PITCH_LAG_PERIODS = 1.1  #: the streaming f0 describes the sound about this many periods ago
PITCH_LAG_S = 0.005
LOUD_DB = -12.0  #: the 99th percentile of the loudness after normalising a collection
HELD_OUT = 0.08  #: share of the material that is never trained on
VERSION = 6  #: of what is cached

AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"}


@dataclass
class Piece:
    """One stretch of continuous material."""

    audio: np.ndarray  #: (samples,) float32 at RATE
    f0_hz: np.ndarray  #: (frames,) what the model is shown
    loudness_db: np.ndarray  #: (frames,)
    synth_f0_hz: np.ndarray  #: (frames,) smoothed with look-ahead, aligned to the target audio
    harmonics: np.ndarray  #: (frames, N_HARMONICS) linear amplitudes
    noise: np.ndarray  #: (frames, N_NOISE) gains
    weight: np.ndarray  #: (frames,) 1 where pitch and target can be trusted, else 0


@dataclass
class Dataset:
    train: list[Piece]
    held_out: list[Piece]
    summary: dict[str, float]
    profile: Profile = EDGE

    def minutes(self) -> float:
        return sum(len(p.audio) for p in self.train + self.held_out) / RATE / 60


def read_mono(path: Path) -> np.ndarray:
    """A file as mono float32 at RATE. Raises UserError."""
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(
            f"{path}: cannot be read as audio ({error}); remove or replace it"
        ) from None
    mono = audio.mean(axis=1)
    if not np.all(np.isfinite(mono)):
        raise UserError(f"{path}: holds samples that are not numbers; export it again")
    return soxr.resample(mono, rate, RATE, "HQ") if rate != RATE else mono


def prepare(
    folder: Path,
    recipe: Recipe,
    cache: Path,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> Dataset:
    """Dataset of ``folder``, from the cache where nothing has changed."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of recordings")
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise UserError(f"{folder}: holds no audio ({', '.join(sorted(AUDIO_SUFFIXES))})")
    key = hashlib.sha256(json.dumps([VERSION, seed, repr(recipe)]).encode())
    for path in files:
        key.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    store = cache / f"{recipe.name.lower()}-{key.hexdigest()[:16]}.npz"
    if not store.exists():
        say(f"preparing {len(files)} files of {folder}")
        pieces = _pieces(files, recipe, seed)
        prepared = [_prepare_piece(audio, recipe) for audio in pieces]
        cache.mkdir(parents=True, exist_ok=True)
        _save(store, prepared)
    return _split(_load(store))


def _pieces(files: list[Path], recipe: Recipe, seed: int) -> list[np.ndarray]:
    audio = [read_mono(path) for path in files]
    if recipe.single_notes:
        audio = phrases(audio, RATE, seed)
    else:
        # Ten-second pieces: the held-out share is then spread over every recording.
        size = 10 * RATE
        audio = [a[i : i + size] for a in audio for i in range(0, len(a) - 2 * RATE, size)]
    if sum(map(len, audio)) < 10 * RATE:
        raise UserError(
            f"{files[0].parent}: not enough sound, less than ten seconds; record at least a minute"
        )
    loud = np.concatenate([Analyser(RATE, HOP / RATE).process(a)["loudness_db"] for a in audio])
    gain = 10 ** ((LOUD_DB - np.percentile(loud, 99)) / 20)
    return [(a * gain).astype(np.float32) for a in audio]


def _prepare_piece(audio: np.ndarray, recipe: Recipe) -> Piece:
    # Features a little past the end, so that look-ahead has what to look at.
    padded = np.concatenate([audio, np.zeros(RATE // 10, np.float32)])
    features = Analyser(RATE, HOP / RATE).process(padded)
    times = features["position"] / RATE
    f0, confidence = features["f0_hz"].astype(np.float64), features["confidence"]
    trusted = (confidence > 0.75) & (f0 >= recipe.lowest_hz) & (f0 <= recipe.highest_hz)
    trusted &= features["loudness_db"] > -60.0

    # The f0 of the sound at time t is what the analyser says a little later.
    heard_at = times - PITCH_LAG_S - PITCH_LAG_PERIODS / np.maximum(f0, recipe.lowest_hz)
    count = len(audio) // HOP
    times, centres = times[:count], times[:count] - LATENCY_S
    if trusted.sum() >= 2:
        log_f0 = np.interp(centres, heard_at[trusted], np.log(f0[trusted]))
    else:
        log_f0 = np.full(count, np.log(recipe.lowest_hz))
    synth_f0 = np.exp(_median3(log_f0))
    targets = analyse_targets(audio, RATE, centres, synth_f0, N_HARMONICS, N_NOISE)

    # Trust frames whose neighbourhood is pitched and whose energy the harmonics explain,
    # and silence, where there is nothing to explain.
    steady = np.convolve(trusted[:count], np.ones(5) / 5, "same") > 0.99
    silent = features["loudness_db"][:count] < -65.0
    weight = ((steady & (targets.harmonicity > 0.5)) | silent).astype(np.float32)

    # The stage holds the last pitch where there is none; so does this.
    shown = _hold(np.where(trusted, f0, 0.0)[:count], float(np.exp(np.median(log_f0))))
    return Piece(
        audio,
        shown.astype(np.float32),
        features["loudness_db"][:count],
        synth_f0.astype(np.float32),
        targets.harmonics,
        targets.noise,
        weight,
    )


def _median3(x: np.ndarray) -> np.ndarray:
    padded = np.pad(x, 1, mode="edge")
    return np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)


def _hold(f0_hz: np.ndarray, first: float) -> np.ndarray:
    known = np.maximum.accumulate(np.where(f0_hz > 0, np.arange(len(f0_hz)), -1))
    return np.where(known >= 0, f0_hz[np.maximum(known, 0)], first)


FIELDS = ("audio", "f0_hz", "loudness_db", "synth_f0_hz", "harmonics", "noise", "weight")


def _save(path: Path, pieces: list[Piece]) -> None:
    arrays = {f"{i}/{name}": getattr(p, name) for i, p in enumerate(pieces) for name in FIELDS}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def _load(path: Path) -> list[Piece]:
    with np.load(path) as arrays:
        count = 1 + max(int(name.split("/")[0]) for name in arrays.files)
        return [Piece(*(arrays[f"{i}/{name}"] for name in FIELDS)) for i in range(count)]


def _split(pieces: list[Piece]) -> Dataset:
    """Every twelfth piece or so is held out, of fewer pieces one."""
    every = max(2, min(round(1 / HELD_OUT), len(pieces)))
    held = [p for i, p in enumerate(pieces) if i % every == every // 2]
    train = [p for i, p in enumerate(pieces) if i % every != every // 2]
    if not held or not train:
        raise UserError("not enough material: record at least one minute")
    weight = np.concatenate([p.weight for p in train]) > 0
    loud = np.concatenate([p.loudness_db for p in train])
    f0 = np.concatenate([p.f0_hz for p in train])
    voiced = weight & (loud > -60.0)
    if voiced.sum() < 10 * FRAME_RATE:
        raise UserError("less than ten seconds of the recordings have a clear single pitch")
    f0, loud = f0[voiced], loud[voiced]
    summary = {
        "usable_minutes": float(voiced.sum() / FRAME_RATE / 60),
        "f0_low_hz": float(np.percentile(f0, 1)),
        "f0_high_hz": float(np.percentile(f0, 99)),
        "loudness_low_db": float(np.percentile(loud, 5)),
        "loudness_high_db": float(np.percentile(loud, 99)),
    }
    return Dataset(train, held, summary)
