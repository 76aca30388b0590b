"""Prepared pieces on disk, named by what they were made of, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.system.atomic_files import replacing, write_atomically
from ddsp_edge.training.data.features import FIELDS, Piece, prepare_piece
from ddsp_edge.training.profiles import Profile
from ddsp_edge.training.recipes import Recipe

VERSION = 7  #: of how pieces are prepared: raise it and every cache is made anew


def key(*parts: Any) -> str:
    """Return a name of 24 hex digits that identifies the content of ``parts``."""
    found = hashlib.sha256(str(VERSION).encode())
    for part in parts:
        found.update(b"\0" + (part if isinstance(part, bytes) else repr(part).encode()))
    return found.hexdigest()[:24]


def piece_path(cache: Path, audio: np.ndarray, recipe: Recipe, profile: Profile) -> Path:
    pitches = (recipe.lowest_hz, recipe.highest_hz)
    return cache / f"{key(audio.tobytes(), pitches, profile)}.npz"


def make(path: Path, audio: np.ndarray, recipe: Recipe, profile: Profile) -> None:
    """Prepare one piece from mono ``audio`` and store it at ``path``, whole or not at all."""
    piece = prepare_piece(audio, recipe, profile)
    with replacing(path) as stream:
        np.savez(stream, **{name: getattr(piece, name) for name in FIELDS})


def load(path: Path) -> Piece | None:
    """Read a stored piece; None where the file is missing or damaged."""
    try:
        with np.load(path) as arrays:
            return Piece(*(arrays[name] for name in FIELDS))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def write_index(path: Path, index: dict[str, Any]) -> None:
    """What a dataset consists of; pieces and indices that it replaces are removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{path.name.rsplit('-', 1)[0]}-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    write_atomically(path, json.dumps(index, indent=1).encode())
    named = {name for p in path.parent.glob("*.json") for name in _names(read_index(p))}
    for piece in path.parent.glob("*.npz"):
        if piece.name not in named:
            piece.unlink(missing_ok=True)


def read_index(path: Path) -> dict[str, Any] | None:
    try:
        index = json.loads(path.read_bytes())
        return index if isinstance(index, dict) and "train" in index else None
    except (OSError, ValueError):
        return None


def _names(index: dict[str, Any] | None) -> list[str]:
    return [*index["train"], *index["held_out"]] if index else []
