"""Models into and out of the user's folder, as ``ddsp-edge models add`` and ``remove`` do it."""

from __future__ import annotations

import difflib
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, read_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import SUFFIXES, model_files, user_folder
from ddsp_edge.library.sandbox import try_bundle
from ddsp_edge.library.store import ModelStore, slug
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.system.safe_zip import build_zip


@dataclass(frozen=True, slots=True)
class Added:
    """The result of :func:`add`: what was installed, and where."""

    name: str  #: what --model takes
    path: Path
    info: ModelInfo
    runtime: str  #: that played it in a process of its own
    news: bool  #: False: the very same file was there already


def add(file: Path | str, name: str | None = None, force: bool = False) -> Added:
    """Install a bundle, a DDSP-VST zip or a bare .tflite; all of it or nothing.

    Checked as a device checks what it receives: every check of reading, then played in a
    process of its own. ``name`` (default: the model's own) is what --model takes then. What has
    that name is replaced only with ``force``. Raises UserError.
    """
    file = Path(file)
    data, info = read_limited(file, MAX_FILE_BYTES), read_bundle(file).info
    name = _checked(name) if name is not None else slug(info)
    if data[:2] != b"PK":  # a bare .tflite, untouched, within a zip: the folder's one format
        data = build_zip({f"{info.name}/{info.name}.tflite": data})
    same = _holding(name)
    if not force:
        _refuse_taken(name, same, data)
    store = ModelStore(user_folder())
    sums = hashlib.sha256(data).hexdigest()
    with store.receive(io.BytesIO(data), len(data), sums, label=file) as staged:
        runtime = try_bundle(staged.bundle())
        with store.change():
            installed, news = store.install(staged, allow_downgrade=True, name=name)
            for _, other in same:
                if other.parent == store.folder and other != installed.path:
                    other.unlink()
    return Added(installed.name, installed.path, info, runtime, news)


def _checked(name: str) -> str:
    """``name`` in lower case, where a model may be called so. Raises UserError."""
    lower = name.strip().lower()
    if not re.fullmatch("[a-z0-9_][a-z0-9_-]{0,63}", lower):
        raise UserError(f"--name {name!r}: letters, digits, - and _ only, 64 at most")
    return lower


def _holding(name: str) -> list[tuple[str, Path]]:
    """(origin, path) of every installed file of that name."""
    return [(origin, path) for origin, path in model_files() if path.stem.lower() == name]


def _refuse_taken(name: str, same: list[tuple[str, Path]], data: bytes) -> None:
    for origin, path in same:
        if origin == "shipped":
            raise UserError(
                f"{name!r} comes with ddsp-edge; choose another --name, or play yours in its place "
                "with --force"
            )
        if path.stat().st_size != len(data) or path.read_bytes() != data:
            raise UserError(
                f"{path}: a model is called {name!r} already; replace it with --force, or choose "
                "another --name"
            )


def remove(name: str) -> Path:
    """Take a model of the user's out; the path that it had. Raises UserError."""
    wanted = name.strip().lower()
    for origin, path in _holding(wanted):
        if origin == "user":
            store = ModelStore(path.parent)
            with store.change():
                if path.suffix == ".zip" and path.stem == wanted:
                    store.remove(wanted)  # with its older versions
                else:
                    path.unlink()
            return path
    if _holding(wanted):
        raise UserError(
            f"{name!r} comes with ddsp-edge and cannot be removed; a model that you add under its "
            f"name with --force is played in its place"
        )
    own = sorted(p.stem for origin, p in model_files() if origin == "user")
    close = difflib.get_close_matches(wanted, [stem.lower() for stem in own], n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    if Path(name).suffix.lower() in SUFFIXES:
        hint = f"give its name, {Path(name).stem!r}, not a file; "
    have = f"yours: {', '.join(own)}" if own else f"there is none in {user_folder()}"
    raise UserError(f"no model of yours is called {name!r}; {hint}{have}")
