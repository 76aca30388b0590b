"""The folder of models on a device, changed so that a power cut never leaves it without one.

    NAME.zip                 what plays
    .history/NAME/N.zip      what played before, N counts up; the newest is rolled back to
    .staging/                uploads under way; whatever a cut left there is removed
    .lock                    one change at a time

Every step is a link or a rename on one file system: before it the old model is whole and in
its place, after it the new one is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, Bundle, read_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError

KEPT = 3  #: older versions of each model that are kept
CHUNK = 64 * 1024
LONGEST_SLUG = 64
_JOIN = "; log in as one of the group ddsp-edge (as root there: usermod -aG ddsp-edge USER)"
_REMEDIES = {
    errno.ENOSPC: "; make room: ddsp-edge remote remove NAME HOST",
    errno.EROFS: "; its models need a partition that may be written",
    errno.EACCES: _JOIN,
    errno.EPERM: _JOIN,
}


def slug(info: ModelInfo) -> str:
    """The file name of a model, from the name inside it: letters, digits, ``-`` and ``_``."""
    text = re.sub(r"[^a-z0-9_]+", "-", info.name.lower()).strip("-")[:LONGEST_SLUG]
    if not text:
        raise UserError(f"the model's name {info.name!r} has no letter or digit; rename it")
    return text


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Installed:
    """One model that is installed in the store."""

    name: str
    path: Path
    bundle: Bundle | None  #: None where the file cannot be used
    problem: str  #: why not
    versions: int  #: older ones that can be rolled back to

    def as_json(self) -> dict[str, object]:
        """Return the entry as JSON takes it, for the sender of a deployment."""
        row: dict[str, object] = {"name": self.name, "ok": self.bundle is not None}
        row |= {"versions": self.versions}
        if self.bundle is None:
            return {**row, "problem": self.problem}
        return {**row, "sha256": digest(self.path), "metadata": self.bundle.info.as_json()}


class ModelStore:
    """The models in ``folder``, which is made where it is not there. Raises UserError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._staging, self._history = folder / ".staging", folder / ".history"
        with self._errors():
            self._staging.mkdir(parents=True, exist_ok=True)
            self._history.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            remedy = _REMEDIES.get(error.errno or 0, "")
            raise UserError(f"{self.folder}: cannot be changed ({reason}){remedy}") from None

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Alone in the store; what a cut left half done is removed first."""
        with self._errors(), (self.folder / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"{self.folder}: somebody else is changing it; try again in a moment"
                ) from None
            self._sweep()
            try:
                yield
            finally:
                self._sweep()

    def _sweep(self) -> None:
        for left in self._staging.iterdir():
            left.unlink()

    def path(self, name: str) -> Path:
        """Where a model of that name lies. Raises UserError for a name that cannot be one."""
        if not re.fullmatch(rf"[a-z0-9_-]{{1,{LONGEST_SLUG}}}", name) or name.startswith("-"):
            raise UserError(f"{name!r} is no name of a model")
        return self.folder / f"{name}.zip"

    def receive(self, stream: BinaryIO, size: int, sha256: str) -> Path:
        """Read ``size`` bytes into staging and check them; call within :meth:`change`."""
        if not 0 < size <= MAX_FILE_BYTES:
            raise UserError(f"it has {size} bytes, a model at most {MAX_FILE_BYTES}")
        with self._errors():
            handle, name = tempfile.mkstemp(suffix=".zip", dir=self._staging)
            sums = hashlib.sha256()
            with os.fdopen(handle, "wb") as staged:
                left = size
                while left > 0:
                    part = stream.read(min(CHUNK, left))
                    if not part:
                        raise UserError(f"the upload was cut off after {size - left} bytes")
                    staged.write(part)
                    sums.update(part)
                    left -= len(part)
                staged.flush()
                os.fsync(staged.fileno())
            os.chmod(name, 0o644)
        if sums.hexdigest() != sha256:
            raise UserError("what arrived is not what was sent (SHA-256 differs); try again")
        return Path(name)

    def install(
        self, staged: Path, allow_downgrade: bool = False, name: str | None = None
    ) -> tuple[Installed, bool]:
        """Put a staged file in its place, within :meth:`change`; and whether that is news.

        The name is the one inside the bundle unless ``name`` is given. An older one than what
        is installed (by ``export_time``) is refused unless ``allow_downgrade``.
        """
        bundle = read_bundle(staged)
        name = name or slug(bundle.info)
        target = self.path(name)
        with self._errors():
            if target.exists():
                if digest(target) == digest(staged):
                    staged.unlink()
                    return self.get(name), False
                if not allow_downgrade:
                    _refuse_older(bundle.info, target)
                self._keep(name, target)
            os.replace(staged, target)
            _settle(self.folder)
        return self.get(name), True

    def _keep(self, name: str, target: Path) -> None:
        """The present file into the history, by a link: it stays where it is."""
        folder = self._history / name
        folder.mkdir(exist_ok=True)
        numbers = self._numbers(name)
        if not numbers or not os.path.samefile(folder / f"{numbers[-1]}.zip", target):
            os.link(target, folder / f"{numbers[-1] + 1 if numbers else 1}.zip")
        for number in self._numbers(name)[:-KEPT]:
            (folder / f"{number}.zip").unlink()
        _settle(folder)

    def _numbers(self, name: str) -> list[int]:
        try:
            names = [p.stem for p in (self._history / name).iterdir() if p.suffix == ".zip"]
        except FileNotFoundError:
            return []
        return sorted(int(stem) for stem in names if stem.isdecimal())

    def rollback(self, name: str) -> Installed:
        """The version before comes back; the present one is dropped. Within :meth:`change`."""
        target = self.path(name)
        with self._errors():
            for number in reversed(self._numbers(name)):
                old = self._history / name / f"{number}.zip"
                if target.exists() and os.path.samefile(old, target):
                    old.unlink()  # a cut came between keeping it and replacing it
                    continue
                read_bundle(old)
                os.replace(old, target)
                _settle(self.folder)
                return self.get(name)
        raise UserError(f"no older version of {name!r} is kept")

    def remove(self, name: str) -> None:
        """A model and its history. Within :meth:`change`."""
        target = self.path(name)
        if not target.exists():
            raise UserError(f"no model is called {name!r} here; {self._known()}")
        with self._errors():
            target.unlink()
            for number in self._numbers(name):
                (self._history / name / f"{number}.zip").unlink()
            with contextlib.suppress(OSError):
                (self._history / name).rmdir()
            _settle(self.folder)

    def get(self, name: str) -> Installed:
        """One model. Raises UserError where there is none of that name."""
        path = self.path(name)
        if not path.is_file():
            raise UserError(f"no model is called {name!r} here; {self._known()}")
        older = self.versions(name)
        try:
            return Installed(name, path, read_bundle(path), "", older)
        except UserError as error:
            return Installed(name, path, None, str(error), older)

    def versions(self, name: str) -> int:
        """How many older ones can be rolled back to."""
        path = self.path(name)
        older = (self._version(name, number) for number in self._numbers(name))
        with self._errors():
            return sum(not os.path.samefile(each, path) for each in older)

    def _version(self, name: str, number: int) -> Path:
        return self._history / name / f"{number}.zip"

    def names(self) -> list[str]:
        """Return the names of all installed models."""
        with self._errors():
            return sorted(p.stem for p in self.folder.glob("*.zip") if p.name[0] != ".")

    def _known(self) -> str:
        return f"installed: {', '.join(self.names()) or 'none'}"


def _refuse_older(new: ModelInfo, target: Path) -> None:
    try:
        old = read_bundle(target).info
    except UserError:
        return  # anything is better than a broken one
    try:
        older = datetime.fromisoformat(new.export_time) < datetime.fromisoformat(old.export_time)
    except (ValueError, TypeError):  # one without a time, or one without a time zone
        older = new.export_time < old.export_time
    if older:
        raise UserError(
            f"{new.name} was made on {new.export_time}, the installed one later, on "
            f"{old.export_time}; --allow-downgrade installs it all the same"
        )


def _settle(folder: Path) -> None:
    """What was renamed in the folder survives a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
