"""Real recordings, and what two well-kept pitch trackers agree that they play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ddsp_edge.bench.analyser.signals import RATE
from ddsp_edge.bench.analyser.trackers import library
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.pitch import cents
from ddsp_edge.evaluation.tracking import RIGHT_CENTS, Reference

HOP_S = 0.005
PEAK = 0.5
CLEAN = 0.9  #: least likeness of neighbouring periods where one clean note sounds


@dataclass(frozen=True)
class Collection:
    """A few stretches of a folder, always the same; its range helps the references only."""

    name: str
    pattern: str  #: below the audio folder
    count: int  #: files, evenly spread over the sorted names
    start_s: float
    longest_s: float
    low_hz: float
    high_hz: float


COLLECTIONS = (
    Collection("singing voice", "inputs/singing-female.wav", 1, 0.0, 10.0, 100.0, 1000.0),
    Collection("violin phrases", "violin/*", 4, 20.0, 12.0, 185.0, 2000.0),
    Collection("cello notes", "cello/*", 14, 0.0, 3.0, 55.0, 1100.0),
    Collection("double bass notes", "double-bass/*", 12, 0.0, 3.0, 40.0, 500.0),
    Collection("flute notes", "flute/*", 8, 0.0, 3.0, 180.0, 2000.0),
    Collection("alto sax notes", "alto-sax/*", 10, 0.0, 3.0, 100.0, 1000.0),
    Collection("trombone notes", "trombone/*", 8, 0.0, 3.0, 60.0, 600.0),
)


def read(path: Path, start_s: float, longest_s: float) -> np.ndarray:
    """Read a recording as mono float32 at 48 kHz with a peak of -6 dBFS."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)[round(start_s * rate) :][: round(longest_s * rate)]
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE, "HQ")
    return (mono * (PEAK / max(float(np.abs(mono).max(initial=0.0)), 1e-6))).astype(np.float32)


def recordings(folder: Path) -> Iterator[tuple[Collection, str, np.ndarray]]:
    """(collection, file name, mono at 48 kHz with a peak of -6 dBFS). Raises UserError."""
    for collection in COLLECTIONS:
        files = sorted(folder.glob(collection.pattern))
        if not files:
            raise UserError(f"{folder / collection.pattern}: no such recordings; give --audio")
        picks = np.unique(np.linspace(0, len(files) - 1, collection.count).round().astype(int))
        for path in (files[i] for i in picks):
            audio = read(path, collection.start_s, collection.longest_s)
            if len(audio) > RATE // 4:
                yield collection, path.name, audio


def consensus(audio: np.ndarray, low_hz: float, high_hz: float) -> Reference:
    """Where Praat's autocorrelation and pYIN (both with the instrument's range, both seeing the
    whole file) agree within 50 cents; Praat's value, which is not quantised."""
    parselmouth, librosa = library("parselmouth"), library("librosa")
    sound = parselmouth.Sound(audio.astype(np.float64), RATE)
    pitch = sound.to_pitch_ac(time_step=HOP_S, pitch_floor=low_hz, pitch_ceiling=high_hz,
                              very_accurate=True)  # fmt: skip
    times = np.arange(int(len(audio) / RATE / HOP_S)) * HOP_S
    praat = _at(times, pitch.xs(), pitch.selected_array["frequency"])
    low = soxr.resample(audio, RATE, RATE // 2, "HQ")
    length = 1 << int(np.ceil(np.log2(3 * RATE / 2 / low_hz)))
    f0, voiced, _ = librosa.pyin(low, fmin=low_hz, fmax=high_hz, sr=RATE // 2, frame_length=length,
                                 hop_length=round(HOP_S * RATE / 2))  # fmt: skip
    f0 = np.where(voiced, np.nan_to_num(f0), 0.0)
    other = _at(times, np.arange(len(f0)) * HOP_S, f0)
    both = (praat > 0) & (other > 0)
    agree = np.abs(cents(np.where(both, praat, 1.0), np.where(both, other, 1.0))) < RIGHT_CENTS
    f0_hz = np.where(both & agree, praat, 0.0)
    clean = [f > 0 and _is_clean(audio, i, f) for i, f in enumerate(f0_hz.tolist())]
    return Reference(times, f0_hz, np.array(clean, bool))


def _is_clean(audio: np.ndarray, row: int, f0_hz: float) -> bool:
    """Whether one note sounds at a row, and it is that of f0_hz.

    Not where a second string, the room's memory of the last note or noise leaves neighbouring
    periods less alike than CLEAN; nor where half the period (an octave double stop) explains the
    sound nearly as well, or some periods (the common period of a chord) much better.
    """
    unlike = 1.0 - _likeness(audio, row, f0_hz)
    if unlike > 1.0 - CLEAN or 1.0 - _likeness(audio, row, 2 * f0_hz) < 3 * unlike + 0.01:
        return False
    return all(1.0 - _likeness(audio, row, f0_hz / m) > unlike / 3 for m in (2, 3, 4, 5, 6))


def _likeness(audio: np.ndarray, row: int, f0_hz: float) -> float:
    """How like one period is to the next around a row, at most 1; 0 where there is no room."""
    lag, middle = RATE / f0_hz, round(row * HOP_S * RATE)
    half = round(max(0.005 * RATE, lag))
    at = np.arange(middle - half, middle + half)
    if at[0] < lag or at[-1] + lag >= len(audio) - 1:
        return 0.0
    grid = np.arange(at[0] - int(lag), at[-1] + int(lag) + 2)
    a, b = (np.interp(at + d, grid, audio[grid]) for d in (-lag / 2, lag / 2))
    return float(2 * np.dot(a, b) / max(float(np.dot(a, a) + np.dot(b, b)), 1e-12))


def _at(times: np.ndarray, xs: np.ndarray, f0_hz: np.ndarray) -> np.ndarray:
    """``f0_hz`` at ``times``, between two voiced frames in proportion, else 0."""
    if len(xs) < 2:
        return np.zeros(len(times))
    voiced = np.interp(times, xs, (f0_hz > 0).astype(float), left=0.0, right=0.0) > 0.999
    return np.where(voiced, np.interp(times, xs, f0_hz), 0.0)
