"""The models that can be called by name: the shipped ones and the user's folder."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.decoding.networks import is_known
from ddsp_edge.errors import UserError
from ddsp_edge.library.folders import ENVIRONMENT, shipped_folder, user_folder

__all__ = [
    "ENVIRONMENT",
    "Entry",
    "entries",
    "find_model",
    "installed",
    "model_files",
    "shipped_folder",
    "user_folder",
]

SUFFIXES = (".zip", ".tflite")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in one of the folders; ``info`` is None where it cannot be used."""

    name: str  #: what --model takes: the file's name without its suffix
    path: Path
    origin: str  #: "shipped" or "user"
    info: ModelInfo | None
    problem: str = ""  #: why it cannot be used


def model_files() -> list[tuple[str, Path]]:
    """(origin, path) of every candidate; the user's first, they win over the shipped ones."""
    found: list[tuple[str, Path]] = []
    for origin, folder in (("user", user_folder()), ("shipped", shipped_folder())):
        try:
            paths = sorted(folder.iterdir(), key=lambda path: path.name.lower())
        except OSError:  # no such folder: no models there
            continue
        found += [(origin, p) for p in paths if p.suffix.lower() in SUFFIXES and p.name[0] != "."]
    return found


def entries() -> list[Entry]:
    """Return an entry for every file of both folders; broken ones state their problem."""
    result = []
    for origin, path in model_files():
        try:
            result.append(Entry(path.stem, path, origin, read_bundle(path).info))
        except UserError as error:
            result.append(Entry(path.stem, path, origin, None, str(error)))
    return result


def installed() -> list[ModelInfo]:
    """Return what is known of the models that can be played."""
    return [entry.info for entry in entries() if entry.info is not None]


def _tried(path: Path) -> Bundle:
    bundle = read_bundle(path)
    # What plays in C was tried before it was compared, and no runtime will execute it.
    if path.resolve().parent != shipped_folder() and not is_known(bundle):
        from ddsp_edge.library.sandbox import ensure_tried  # what the usual start has no use for

        ensure_tried(bundle)
    return bundle


def find_model(name_or_path: str | Path) -> Bundle:
    """The bundle of that name (case does not matter) or at that path, tried. Raises UserError.

    What does not come with the program is played once in a process of its own before anything
    else runs it (:mod:`ddsp_edge.library.sandbox`); that it passed is remembered. A text with a
    slash or one of the suffixes is a path; a name may also be the model's own (``name`` in
    metadata.json).
    """
    text = str(name_or_path)
    looks_like_path = (
        isinstance(name_or_path, Path) or os.sep in text or Path(text).suffix.lower() in SUFFIXES
    )
    files = model_files()
    if not looks_like_path:
        for _, path in files:
            if path.stem.lower() == text.lower():
                return _tried(path)
        for entry in entries():
            if entry.info is not None and entry.info.name.lower() == text.lower():
                return _tried(entry.path)
    if looks_like_path or Path(text).is_file():
        return _tried(Path(text))
    names = sorted({path.stem.lower() for _, path in files})
    close = difflib.get_close_matches(text.lower(), names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    have = f"installed: {', '.join(names)}" if names else f"none is installed in {user_folder()}"
    raise UserError(f"no model is called {text!r}; {hint}{have}; or give a path to a bundle")
