"""Models, presets and updates from a folder, such as a USB stick, into this box.

Everything in the folder is hostile until checked: models come in as a deployment over ssh does
(:mod:`ddsp_edge.remote.receive`, with the device's policy), presets as an upload in the panel does.
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.protocol import RequestError
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import SUFFIXES
from ddsp_edge.library.references import is_path, models_in
from ddsp_edge.presets.preset import MAX_BYTES, parse_preset, preset_tables
from ddsp_edge.remote import protocol
from ddsp_edge.remote.deploy import deploy, pack
from ddsp_edge.remote.policy import Policy
from ddsp_edge.remote.receive import DeploymentReceiver
from ddsp_edge.remote.update_import import take_update
from ddsp_edge.system.atomic_files import read_limited

PRESET_SUFFIX = ".toml"
UPDATE_SUFFIX = ".raucb"
#: Entries of folders that are looked at, and how deep folders are: a stick may hold anything.
MOST_ENTRIES, DEPTH = 5000, 3
#: Models and presets that are taken from one folder.
MOST_FILES = 200
ENGINE_S = 60.0  #: for an answer: its worker may be loading a model


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one file of the folder."""

    file: str  #: its path within the folder
    kind: str  #: "model", "preset" or "update"
    result: str  #: "copied", "already there" or "refused"
    detail: str = ""  #: the model's name, or why it was refused


class LocalConnection:
    """A deployment to this machine: what :func:`ddsp_edge.remote.deploy.deploy` calls, without
    ssh."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def call(
        self,
        verb: str,
        data: bytes = b"",
        step: Callable[[str], None] = lambda _: None,
        sent: Callable[[int], None] = lambda _: None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Carry out one request; return the answer. Raises UserError."""
        request, answers = io.BytesIO(), io.BytesIO()
        protocol.write_request(request, verb, arguments)
        request.write(data)
        request.seek(0)
        DeploymentReceiver(self._policy, request, answers).run()
        answers.seek(0)
        while (message := protocol.read_line(answers)) is not None:
            if message.get("ok") is True:
                return message
            if message.get("ok") is False:
                raise UserError(str(message.get("error")))
        raise UserError("the receiver did not answer")


def import_folder(
    folder: Path,
    policy: Policy,
    engine: ControlClient | None,
    replace: bool = False,
    allow_downgrade: bool = False,
) -> list[Copied]:
    """Copy every model and preset that ``folder`` holds onto this box.

    A newer version of a model takes the place of the one that is there, which is kept
    (`ddsp-edge remote rollback`); an older one is refused but with ``allow_downgrade``. A preset
    whose name is taken is refused unless it is the same, or ``replace``. Without an ``engine``
    presets are refused. An update of the system is handed to the installer; the next start tries
    it. Files that cannot be used stop no other. Raises UserError where the folder cannot be read.
    """
    models, presets, updates = _files(folder)
    found = [_model(folder, path, policy, allow_downgrade) for path in models]
    found += [_preset(folder, path, engine, replace) for path in presets]
    found += [_update(folder, path, len(updates), allow_downgrade) for path in updates]
    if engine is not None and any(each.result == "copied" for each in found):
        engine.call("reload", timeout_s=ENGINE_S)
    return found


def summary(outcomes: list[Copied]) -> str:
    """Return what happened as one line: how many of what, and why the first one was refused."""
    if not outcomes:
        return "no model and no preset is there"
    words = []
    for kind in ("model", "preset", "update"):
        count = sum(each.kind == kind and each.result == "copied" for each in outcomes)
        if count:
            words.append(f"{count} {kind}{'s' if count > 1 else ''}")
    text = f"{' and '.join(words)} copied" if words else "nothing new"
    refused = [each for each in outcomes if each.result == "refused"]
    if refused:
        text += f"; {len(refused)} refused: {refused[0].detail}"
    return text


def _files(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the models', the presets' and the updates' files, each in the order of their names:
    regular ones; links are not followed. Raises UserError."""
    found: dict[tuple[str, ...], list[Path]] = {
        SUFFIXES: [],
        (PRESET_SUFFIX,): [],
        (UPDATE_SUFFIX,): [],
    }
    looked_at = 0
    try:
        for where, folders, names in os.walk(folder, onerror=_raise):
            depth = len(Path(where).relative_to(folder).parts)
            looked_at += len(folders) + len(names)
            if looked_at > MOST_ENTRIES:
                raise UserError(
                    f"{folder}: has more than {MOST_ENTRIES} files; give the folder of the models"
                )
            # Hidden ones and those of other systems (.Trash, ._cello.zip, __MACOSX) hold no models.
            folders[:] = sorted(
                each for each in folders if depth < DEPTH - 1 and not each.startswith((".", "__"))
            )
            for name in sorted(names):
                path, lower = Path(where, name), name.lower()
                suffixes = next((each for each in found if lower.endswith(each)), None)
                if suffixes is None or name.startswith("."):
                    continue
                if not stat.S_ISREG(path.lstat().st_mode):
                    continue
                found[suffixes].append(path)
                if len(found[suffixes]) > MOST_FILES:
                    raise UserError(f"{folder}: has more than {MOST_FILES} {suffixes[0]} files")
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be read ({error.strerror})") from None
    models, presets, updates = found.values()
    return models, presets, updates


def _raise(error: OSError) -> None:
    raise error


def _model(folder: Path, path: Path, policy: Policy, allow_downgrade: bool) -> Copied:
    file = str(path.relative_to(folder))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            parcel = pack(path, Path(scratch))
        answer = deploy(parcel, LocalConnection(policy), False, allow_downgrade)
    except UserError as error:
        return Copied(file, "model", "refused", _told(folder, path, error))
    return Copied(file, "model", "copied" if answer["news"] else "already there", answer["name"])


def _preset(folder: Path, path: Path, engine: ControlClient | None, replace: bool) -> Copied:
    file, name = str(path.relative_to(folder)), path.stem
    try:
        tables = preset_tables(parse_preset(name, read_limited(path, MAX_BYTES), str(path)))
        if any(is_path(str(each)) for each in models_in(tables)):
            raise UserError("a preset from elsewhere may not name the path of a model")
        if engine is None:
            raise UserError("no engine is running, which stores presets; start it")
        stored = _stored(engine, name)
        if stored == tables:
            return Copied(file, "preset", "already there", name)
        if stored is not None and not replace:
            raise UserError(
                f"another preset is called {name!r}; rename the file, or replace it with --replace"
            )
        engine.call("preset_write", name=name, preset=tables, replace=replace, timeout_s=ENGINE_S)
    except UserError as error:
        return Copied(file, "preset", "refused", _told(folder, path, error))
    return Copied(file, "preset", "copied", name)


def _update(folder: Path, path: Path, count: int, allow_downgrade: bool) -> Copied:
    file = str(path.relative_to(folder))
    try:
        if count > 1:
            raise UserError(f"{count} updates are there; leave the one that is wanted")
        return Copied(file, "update", "copied", take_update(path, allow_downgrade))
    except UserError as error:
        return Copied(file, "update", "refused", _told(folder, path, error))


def _stored(engine: ControlClient, name: str) -> dict[str, Any] | None:
    """Return the tables of the box's preset of this name, None where there is none."""
    try:
        tables: dict[str, Any] = engine.call("preset_read", name=name, timeout_s=ENGINE_S)["preset"]
    except RequestError:
        return None
    return tables


def _told(folder: Path, path: Path, error: UserError) -> str:
    """Return the reason with the file's path within the folder at its beginning."""
    file = str(path.relative_to(folder))
    text = str(error).removeprefix(f"{path}: ")
    return f"{file}: {text}"
