"""Recordings that are dropped onto the page or recorded in it; hostile until they were read."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from ddsp_edge.errors import UserError
from ddsp_edge.studio.project import Project
from ddsp_edge.system.atomic_files import numbered
from ddsp_edge.system.audio_kinds import AUDIO_SUFFIXES

MAX_BYTES = 512 * 1024 * 1024  #: of one file
MAX_FILES = 2000  #: of one instrument
MAX_TOTAL_BYTES = 8 * 1024 * 1024 * 1024
CHECK_S = 120.0  #: for a file to be read
#: Of an upload that is not complete; training passes hidden files over.
PARTIAL = ".upload-"


def file_name(given: str) -> str:
    """Return a safe name for a file that the browser calls ``given``. Raises UserError."""
    name = re.split(r"[/\\]", given)[-1]
    name = re.sub(r"[^\w .()+#&',-]", "_", name).strip(" .")
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in AUDIO_SUFFIXES or not stem.strip(" ."):
        kinds = ", ".join(sorted(each[1:] for each in AUDIO_SUFFIXES))
        raise UserError(f"{name[:60]!r}: is not an audio file; drop {kinds}")
    return stem[:100].strip(" .") + suffix.lower()


@contextlib.contextmanager
def incoming(project: Project) -> Iterator[BinaryIO]:
    """A file beside the recordings for what arrives; it is removed unless :func:`keep` took it.

    Raises UserError where the folder is not the studio's, or full.
    """
    folder = project.recordings
    if not project.is_own:
        raise UserError(f"{folder}: was chosen on the command line; copy recordings there yourself")
    sizes = [path.stat().st_size for path in folder.iterdir() if path.is_file()]
    if len(sizes) >= MAX_FILES or sum(sizes) >= MAX_TOTAL_BYTES:
        raise UserError(f"{folder}: is full; remove recordings first")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PARTIAL, delete=False) as stream:
        try:
            yield cast(BinaryIO, stream)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(stream.name)


def keep(project: Project, stream: BinaryIO, given: str) -> dict[str, Any]:
    """Check what has arrived, and give it its name; what was measured. Raises UserError.

    A process of its own reads the file: one that ends its reader ends nothing else.
    """
    name = file_name(given)
    stream.flush()
    facts = _measured(Path(stream.name), name)
    target = numbered(project.recordings / name)
    os.chmod(stream.name, 0o644)
    os.rename(stream.name, target)
    remembered = _read_facts(project)
    remembered[target.name] = facts
    _write_facts(project, remembered)
    return {"file": target.name, **facts}


def listing(project: Project) -> list[dict[str, Any]]:
    """The recordings by name, each with what was measured when it came."""
    folder, facts = project.recordings, _read_facts(project)
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
    return [{"file": n, **facts.get(n, {})} for n in names if not n.startswith(".")][:MAX_FILES]


def find_recording(project: Project, name: str) -> Path:
    """Return the path of a recording. Raises UserError where there is none of that name."""
    path = project.recordings / name
    if name != os.path.basename(name) or name.startswith(".") or not path.is_file():
        raise UserError(f"{name[:60]!r}: there is no such recording; reload the page")
    return path


def remove(project: Project, name: str) -> None:
    """Remove a recording that was uploaded here. Raises UserError."""
    if not project.is_own:
        raise UserError(f"{project.recordings}: is not the studio's; remove the file yourself")
    find_recording(project, name).unlink()


def _measured(path: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "ddsp_edge.studio.measure_file", str(path)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CHECK_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{name}: takes too long to read; convert it to WAV") from None
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode == 2:
        raise UserError(said.strip().replace(str(path), name))
    try:
        return dict(json.loads(said))
    except ValueError:
        raise UserError(f"{name}: ends the program that reads it; convert it to WAV") from None


def _facts_path(project: Project) -> Path:
    return project.run_folder / "recordings.json"


def _read_facts(project: Project) -> dict[str, Any]:
    try:
        found = json.loads(_facts_path(project).read_text())
        return {k: v for k, v in found.items() if isinstance(v, dict)}
    except (OSError, ValueError, AttributeError):
        return {}


def _write_facts(project: Project, facts: dict[str, Any]) -> None:
    from ddsp_edge.system.atomic_files import write_atomically

    write_atomically(_facts_path(project), json.dumps(facts).encode())
