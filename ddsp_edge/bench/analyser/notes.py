"""Recorded notes out of room noise: is the first pitch that is trusted the note's?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddsp_edge.bench.analyser.recordings import COLLECTIONS, Collection, read
from ddsp_edge.bench.analyser.signals import RATE
from ddsp_edge.bench.analyser.trackers import HOP_S, Tracker, library
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.pitch import cents
from ddsp_edge.evaluation.tracking import RIGHT_CENTS
from ddsp_edge.units import db_to_gain

LEAD_S, ROOM_DB = 0.3, -75.0
BEGUN_DB = -45.0  #: over 5 ms: the note has begun
LONGEST_S = 2.0
GROSS_CENTS = 315.6  #: 20 %
STEADY_CENTS = 60.0  #: from the file's median, within which 70 % of a note's frames must lie


@dataclass(frozen=True)
class RecordedNote:
    """A note after ``LEAD_S`` of room noise, its pitch, and when it is first heard."""

    material: str
    audio: np.ndarray
    f0_hz: float
    begins_s: float


@dataclass(frozen=True)
class FirstRow:
    """Counts of notes whose first pitch was right, within 20 %, or another note."""

    tracker: str
    material: str
    notes: int
    right: int
    near: int
    gross: int
    right_ms: float  #: from where the note is heard to the first trusted right pitch, median


def notes(folder: Path, most: int = 1000) -> Iterator[RecordedNote]:
    """At most ``most`` files of each collection of single notes, evenly spread; those whose pitch
    Praat finds steady. Raises UserError."""
    rng = np.random.default_rng(0)
    for collection in COLLECTIONS:
        if not collection.name.endswith("notes"):
            continue
        files = sorted(folder.glob(collection.pattern))
        if not files:
            raise UserError(f"{folder / collection.pattern}: no such recordings; give --audio")
        picks = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
        for path in (files[i] for i in picks):
            audio = read(path, 0.0, LONGEST_S)
            f0_hz = _steady_pitch(audio, collection)
            if f0_hz is None:
                continue
            lead = np.zeros(round(LEAD_S * RATE), np.float32)
            room = rng.normal(0.0, db_to_gain(ROOM_DB), len(lead) + len(audio))
            heard = (np.concatenate([lead, audio]) + room).astype(np.float32)
            power = np.convolve(heard**2, np.ones(RATE // 200) / (RATE // 200))[: len(heard)]
            begun = int(np.argmax(power > 10 ** (BEGUN_DB / 10)))
            yield RecordedNote(collection.name, heard, f0_hz, begun / RATE)


def _steady_pitch(audio: np.ndarray, collection: Collection) -> float | None:
    sound = library("parselmouth").Sound(audio.astype(np.float64), RATE)
    found = sound.to_pitch_ac(
        time_step=0.01, pitch_floor=collection.low_hz, pitch_ceiling=collection.high_hz
    ).selected_array["frequency"]
    found = found[found > 0]
    if len(found) <= 10:
        return None
    middle = float(np.median(found))
    spread = np.percentile(np.abs(cents(found, middle)), 70)
    return middle if spread < STEADY_CENTS else None


def first_pitch(tracker: Tracker, note: RecordedNote) -> tuple[float, float] | None:
    """Cents off of the first trusted pitch, and seconds to the first trusted right one (infinite
    where there is none); None where no pitch is trusted."""
    track = tracker(note.audio)
    inside = track.trusted & (track.times_s > LEAD_S - 2 * HOP_S) & (track.f0_hz > 0)
    if not inside.any():
        return None
    off = np.abs(cents(track.f0_hz[inside], note.f0_hz))
    right = np.flatnonzero(off < RIGHT_CENTS)
    times = track.times_s[inside] - note.begins_s
    return float(off[0]), float(times[right[0]]) if len(right) else np.inf


def summarise(name: str, tracker: Tracker, material: str, each: list[RecordedNote]) -> FirstRow:
    """Summarise the first pitches of one tracker on the notes of one collection."""
    found = [first for note in each if (first := first_pitch(tracker, note)) is not None]
    off = np.array([first[0] for first in found])
    right, gross = int((off < RIGHT_CENTS).sum()), int((off >= GROSS_CENTS).sum())
    middle = 1000 * float(np.median([first[1] for first in found])) if found else np.nan
    return FirstRow(name, material, len(each), right, len(off) - right - gross, gross, middle)
