"""The files of a folder of recordings: which are good, and why the others are left out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.system.audio_file import read_sound, resample
from ddsp_edge.system.audio_kinds import AUDIO_SUFFIXES, begins_like_audio
from ddsp_edge.training.data import quality
from ddsp_edge.training.data.quality import Assessment
from ddsp_edge.training.recipes import Recipe

SILENT_PEAK = 1e-4  #: -80 dBFS
SHORTEST_S = 0.15
MOST_FILES = 20_000
RUN_MARKS = {"checkpoint.pt", "report.json"}  #: a folder that holds one is a run of ours


@dataclass(frozen=True)
class Source:
    """One file that is trained on, with its assessment."""

    file: str  #: its name below the folder
    seconds: float
    assessment: Assessment
    remarks: tuple[str, ...] = ()  #: on reading it, such as which of its channels was taken

    def warnings(self) -> list[str]:
        """Return what the user should know of this file, in order of importance."""
        return [*self.remarks, *self.assessment.warnings()]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, item: dict[str, Any]) -> Source:
        assessment = Assessment(
            **{**item["assessment"], "decay_s": tuple(item["assessment"]["decay_s"])}
        )
        return cls(item["file"], item["seconds"], assessment, tuple(item["remarks"]))


@dataclass(frozen=True)
class LeftOut:
    """One file that is not trained on, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class AudioFile:
    """The result of reading one file; ``audio`` is None where the file is left out."""

    file: str
    audio: np.ndarray | None = None
    assessment: Assessment | None = None
    reason: str = ""
    remarks: tuple[str, ...] = ()


def find(
    folder: Path, skip: tuple[str, ...] = (), besides: tuple[Path, ...] = ()
) -> tuple[list[Path], list[LeftOut]]:
    """The audio files of ``folder`` and of its subfolders, by name, and what else is there.

    Hidden files, what links lead to folders, our own run folders and the folders ``besides`` are
    passed over; files that match a pattern of ``skip`` are left out. Raises UserError: no audio.
    """
    if not folder.exists():
        raise UserError(f"{folder}: no such folder of recordings")
    if not folder.is_dir():
        raise UserError(f"{folder}: is not a folder; give the one that holds the recordings")
    shut = {path.resolve() for path in besides}
    files, left, seen = [], [], 0
    for here, folders, names in os.walk(folder):
        place = Path(here)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and (place / name).resolve() not in shut
            and not any((place / name / mark).exists() for mark in RUN_MARKS)
        )
        names = sorted(name for name in names if not name.startswith("."))
        seen += len(names)
        if seen > MOST_FILES:
            raise UserError(f"{folder}: holds more than {MOST_FILES} files; give a folder of fewer")
        for name in names:
            path = place / name
            short = str(path.relative_to(folder))
            if any(path.match(pattern) for pattern in skip):
                left.append(LeftOut(short, "the recipe leaves it out"))
            elif path.suffix.lower() in AUDIO_SUFFIXES or begins_like_audio(path):
                files.append(path)
            else:
                left.append(LeftOut(short, f"is not an audio file ({path.suffix or 'no suffix'})"))
    if not files:
        kinds = ", ".join(sorted(suffix[1:] for suffix in AUDIO_SUFFIXES))
        raise UserError(f"{folder}: holds no audio ({kinds})")
    return files, left


def digest(path: Path) -> str:
    """SHA-256 of the content in hex. Never raises: unreadable files are reported when decoded."""
    try:
        if not path.is_file():  # a pipe would wait for ever
            return "no file"
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def read_and_assess(path: Path, name: str, rate: int, recipe: Recipe) -> AudioFile:
    """Read one file as mono float32 at ``rate`` (Hz) and assess its quality. Never raises."""
    try:
        sound = read_sound(path)
    except UserError as error:
        return AudioFile(name, reason=str(error).removeprefix(f"{path}: "))
    native, own_rate = sound.samples, sound.rate
    if np.abs(native).max() < SILENT_PEAK:
        return AudioFile(name, reason="is silent")
    if len(native) < SHORTEST_S * own_rate:
        return AudioFile(name, reason=f"is shorter than {SHORTEST_S} s")
    clipped = quality.clipped_tops(native, own_rate)
    audio = resample(native, own_rate, rate)
    assessment = quality.assess(audio, rate, recipe.lowest_hz, recipe.highest_hz, clipped)
    if assessment.trusted < quality.LEAST_TRUSTED or assessment.pitched_s < quality.LEAST_PITCHED_S:
        return AudioFile(
            name,
            reason=f"has a clear single pitch of {recipe.lowest_hz:g} to {recipe.highest_hz:g} Hz "
            f"in only {100 * assessment.trusted:.0f} % of it: drums, chords or noise?",
        )
    return AudioFile(name, audio, assessment, remarks=sound.remarks)


def left_out(sounds: list[AudioFile | None], names: list[str]) -> Iterator[LeftOut]:
    """Yield the files that gave no audio; None in ``sounds``: the process that read it died."""
    for sound, name in zip(sounds, names, strict=True):
        if sound is None:
            yield LeftOut(name, "ends the program that reads it; remove or convert it")
        elif sound.audio is None:
            yield LeftOut(name, sound.reason)


def without_copies(
    files: list[Path], digests: list[str], folder: Path
) -> tuple[list[tuple[Path, str]], list[LeftOut]]:
    """Keep one file of each content, since a copy could be both held out and trained on."""
    first: dict[str, Path] = {}
    kept, left = [], []
    for path, mark in zip(files, digests, strict=True):
        if mark in first:
            other = first[mark].relative_to(folder)
            left.append(LeftOut(str(path.relative_to(folder)), f"is the same as {other}"))
            continue
        if mark not in ("unreadable", "no file"):
            first[mark] = path
        kept.append((path, mark))
    return kept, left
