"""The files of a folder of recordings: which are good, and why the others are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddsp_edge.audio_io import read_audio
from ddsp_edge.errors import UserError

AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"}
SILENT_PEAK = 1e-4  #: -80 dBFS
SHORTEST_S = 0.15


@dataclass(frozen=True)
class Source:
    """One file that is trained on."""

    file: str  #: its name below the folder
    seconds: float


@dataclass(frozen=True)
class LeftOut:
    """One file that is not."""

    file: str
    reason: str


@dataclass(frozen=True)
class Sound:
    """What reading one file gave; ``audio`` is None where it is left out."""

    file: str
    audio: np.ndarray | None
    reason: str = ""


def find(folder: Path, skip: tuple[str, ...] = ()) -> list[Path]:
    """The audio files of ``folder``, in the order of their names. Raises UserError: none.

    Those that match a pattern of ``skip`` are not among them.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of recordings")
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in AUDIO_SUFFIXES)
    files = [p for p in files if not any(p.match(pattern) for pattern in skip)]
    if not files:
        raise UserError(f"{folder}: holds no audio ({', '.join(sorted(AUDIO_SUFFIXES))})")
    return files


def digest(path: Path) -> str:
    """Of the content; a file that cannot be read is told of when it is read as sound."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def listen(path: Path, name: str, rate: int) -> Sound:
    """Read one file as mono float32 at ``rate``."""
    try:
        audio = read_audio(path, rate)
    except UserError as error:
        return Sound(name, None, _without_path(str(error), path))
    if np.abs(audio).max() < SILENT_PEAK:
        return Sound(name, None, "is silent")
    if len(audio) < SHORTEST_S * rate:
        return Sound(name, None, f"is shorter than {SHORTEST_S} s")
    return Sound(name, audio)


def left_out(sounds: list[Sound | None], names: list[str]) -> Iterator[LeftOut]:
    """Those that gave no audio; None: the process that read it died."""
    for sound, name in zip(sounds, names, strict=True):
        if sound is None:
            yield LeftOut(name, "crashed the program that reads it; remove or convert it")
        elif sound.audio is None:
            yield LeftOut(name, sound.reason)


def _without_path(message: str, path: Path) -> str:
    return message.removeprefix(f"{path}: ")
