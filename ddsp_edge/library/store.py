"""The folder of models on a device, changed so that a power cut never leaves it without one.

    NAME.zip                 what plays
    .history/NAME/N.zip      what played before, N counts up; the newest is rolled back to
    .newest/NAME             the newest export time that NAME ever had, also after its removal
    .tried/                  which files have passed their trial (ddsp_edge/library/sandbox.py)
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
import io
import os
import re
import select
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, Bundle, parse_bundle, read_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import sync_folder, write_atomically

KEPT = 3  #: older versions of each model that are kept
CHUNK = 64 * 1024
STALL_S = 60.0  #: an upload of which nothing came for so long, in seconds, is given up
LOCK_WAIT_S = 10.0  #: so long, in seconds, a change waits for another one to end
LONGEST_SLUG = 64
#: Letters without a decomposition, to Latin ones.
_LATIN = {
    **dict(zip("ßæœøłđðþı", ("ss", "ae", "oe", "o", "l", "d", "d", "th", "i"), strict=True)),
    **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdezijklmnoprstufhcye", strict=True)),
    **dict(zip("ёжчшщюя", ("yo", "zh", "ch", "sh", "sch", "yu", "ya"), strict=True)),
    **dict(zip("ъьієїґ", ("", "", "i", "ye", "yi", "g"), strict=True)),
    **dict(zip("αβγδεζηικλμνξοπρσςτυφω", "abgdeziiklmnxoprsstyfo", strict=True)),
    **dict(zip("θχψ", ("th", "ch", "ps"), strict=True)),
}
_JOIN = "; log in as one of the group ddsp-edge (as root there: usermod -aG ddsp-edge USER)"
_REMEDIES = {
    errno.ENOSPC: "; make room: ddsp-edge remote remove NAME HOST",
    errno.EROFS: "; its models need a partition that may be written",
    errno.EACCES: _JOIN,
    errno.EPERM: _JOIN,
}


def slug(info: ModelInfo) -> str:
    """The file name of a model, from the name inside it: letters, digits, ``-`` and ``_``.

    Latin letters lose their accents, Cyrillic and Greek ones are transliterated; of a name in
    another script it is a hash. The model keeps its name as its title.
    """
    lower = "".join(_LATIN.get(letter, letter) for letter in info.name.lower())
    plain = unicodedata.normalize("NFKD", lower)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = "".join(_LATIN.get(letter, letter) for letter in plain)
    text = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")
    if text:
        return text
    if not any(letter.isalnum() for letter in info.name):
        raise UserError(f"the model's name {info.name!r} has no letter or digit; rename it")
    return f"model-{hashlib.sha256(info.name.encode('utf-8', 'replace')).hexdigest()[:8]}"


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


@dataclass(slots=True)
class Staged:
    """An upload that is whole, not yet installed: one open file from its check to its rename.

    What is checked and tried is ``data``, what is installed is ``file``: no name on the disk
    that somebody could give to another file lies between.
    """

    file: BinaryIO
    data: bytes
    sha256: str
    label: Path  #: what errors call it

    def bundle(self) -> Bundle:
        """Check the upload and return what it holds. Raises UserError."""
        return parse_bundle(self.data, self.label)

    def close(self) -> None:
        """Close the staged file: it is gone then, unless it was installed."""
        self.file.close()

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ModelStore:
    """The models in ``folder``, which is made where it is not there. Raises UserError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._staging, self._history = folder / ".staging", folder / ".history"
        self._newest = folder / ".newest"
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
        """Alone in the store; what a cut left half done is removed first.

        Waits ``LOCK_WAIT_S`` at most for another change. Nothing that waits for somebody else
        (an upload, a trial) belongs inside.
        """
        with self._errors(), (self.folder / ".lock").open("a") as lock:
            latest = time.monotonic() + LOCK_WAIT_S
            while not _locked(lock):
                if time.monotonic() >= latest:
                    raise UserError(
                        f"{self.folder}: somebody else is changing it; try again in a moment"
                    )
                time.sleep(0.05)
            self._sweep()
            try:
                yield
            finally:
                self._sweep()

    def _sweep(self) -> None:
        for left in self._staging.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)  # nobody of ours makes one
                continue
            with contextlib.suppress(OSError), _opened(left) as stream:
                if stream is None or _locked(stream):  # else an upload that is under way
                    left.unlink()

    def path(self, name: str) -> Path:
        """Return the path of a model of that name.

        Raises UserError for a name that cannot be one.
        """
        if not re.fullmatch(rf"[a-z0-9_-]{{1,{LONGEST_SLUG}}}", name) or name.startswith("-"):
            raise UserError(f"{name!r} is no name of a model")
        return self.folder / f"{name}.zip"

    def receive(
        self,
        stream: BinaryIO | io.RawIOBase,
        size: int,
        sha256: str,
        label: Path = Path("the upload"),
    ) -> Staged:
        """Read ``size`` bytes into staging and check them; needs and holds no lock.

        An upload of which nothing comes for ``STALL_S`` is given up.
        """
        if not 0 < size <= MAX_FILE_BYTES:
            raise UserError(f"it has {size} bytes, a model at most {MAX_FILE_BYTES}")
        with self._errors(), contextlib.ExitStack() as cleanup:
            file = cleanup.enter_context(self._stage())
            parts, left = [], size
            while left > 0:
                part = read_some(stream, min(CHUNK, left))
                if not part:
                    raise UserError(f"the upload was cut off after {size - left} bytes")
                file.write(part)
                parts.append(part)
                left -= len(part)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
            data = b"".join(parts)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise UserError("what arrived is not what was sent (SHA-256 differs); try again")
            cleanup.pop_all()
        return Staged(file, data, sha256, label)

    def _stage(self) -> BinaryIO:
        """Open a new file in staging, without a name where the file system allows that."""
        try:
            handle = os.open(self._staging, os.O_TMPFILE | os.O_RDWR, 0o600)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                raise
            handle, _ = tempfile.mkstemp(suffix=".zip", dir=self._staging)
            fcntl.flock(handle, fcntl.LOCK_EX)  # it is in use, says this to whoever sweeps
        return os.fdopen(handle, "w+b")

    def install(
        self, staged: Staged, allow_downgrade: bool = False, name: str | None = None
    ) -> tuple[Installed, bool]:
        """Put a staged file in its place, within :meth:`change`; and whether that is news.

        The name is the one inside the bundle unless ``name`` is given. An older one (by
        ``export_time``) than the newest that this name ever had here is refused unless
        ``allow_downgrade``.
        """
        info = staged.bundle().info
        name = name or slug(info)
        target = self.path(name)
        with self._errors():
            if target.exists() and digest(target) == staged.sha256:
                return self.get(name), False
            newest = self._newest_time(name)
            if not allow_downgrade and _is_older(info.export_time, newest):
                raise UserError(
                    f"{info.name} was made on {info.export_time}, the newest one that was here "
                    f"later, on {newest}; --allow-downgrade installs it all the same"
                )
            if target.exists():
                self._keep(name, target)
            new = self._staging / f"{name}.new"
            _link(staged.file.fileno(), new)
            os.replace(new, target)
            sync_folder(self.folder)
            self._note_time(name, info.export_time, newest)
        return self.get(name), True

    def _newest_time(self, name: str) -> str:
        """Return the newest export time that a name ever had here; empty where it had none."""
        try:
            newest = (self._newest / name).read_text()[:64]
        except (OSError, ValueError):
            newest = ""
        for path in (self.path(name), *(self._version(name, n) for n in self._numbers(name))):
            with contextlib.suppress(UserError):  # a broken one says nothing
                time_ = read_bundle(path).info.export_time
                newest = time_ if _is_older(newest, time_) else newest
        return newest

    def _note_time(self, name: str, export_time: str, newest: str) -> None:
        latest = export_time if _is_older(newest, export_time) else newest
        if latest:
            write_atomically(self._newest / name, latest.encode())

    def _keep(self, name: str, target: Path) -> None:
        """Link the present file into the history; it stays where it is."""
        folder = self._history / name
        folder.mkdir(exist_ok=True)
        numbers = self._numbers(name)
        if not numbers or not os.path.samefile(folder / f"{numbers[-1]}.zip", target):
            os.link(target, folder / f"{numbers[-1] + 1 if numbers else 1}.zip")
        for number in self._numbers(name)[:-KEPT]:
            (folder / f"{number}.zip").unlink()
        sync_folder(folder)

    def _numbers(self, name: str) -> list[int]:
        try:
            names = [p.stem for p in (self._history / name).iterdir() if p.suffix == ".zip"]
        except FileNotFoundError:
            return []
        return sorted(int(stem) for stem in names if stem.isdecimal())

    def rollback(self, name: str, allow_downgrade: bool = True) -> Installed:
        """The version before comes back; the present one is dropped. Within :meth:`change`.

        Without ``allow_downgrade`` only where it is no older than the newest ever seen.
        """
        target = self.path(name)
        with self._errors():
            for number in reversed(self._numbers(name)):
                old = self._history / name / f"{number}.zip"
                if target.exists() and os.path.samefile(old, target):
                    old.unlink()  # a cut came between keeping it and replacing it
                    continue
                made, newest = read_bundle(old).info.export_time, self._newest_time(name)
                if not allow_downgrade and _is_older(made, newest):
                    raise UserError(
                        f"the version before was made on {made}, the newest one on {newest}: this "
                        "device takes no older one (allow_downgrade = false in its deploy.toml)"
                    )
                os.replace(old, target)
                sync_folder(self.folder)
                return self.get(name)
        raise UserError(f"no older version of {name!r} is kept")

    def remove(self, name: str) -> None:
        """Remove a model and its history, but not the record of its age. Within :meth:`change`."""
        target = self.path(name)
        if not target.exists():
            raise UserError(f"no model is called {name!r} here; {self._known()}")
        with self._errors():
            self._note_time(name, "", self._newest_time(name))
            target.unlink()
            for number in self._numbers(name):
                (self._history / name / f"{number}.zip").unlink()
            with contextlib.suppress(OSError):
                (self._history / name).rmdir()
            sync_folder(self.folder)

    def get(self, name: str) -> Installed:
        """Return one model. Raises UserError where there is none of that name."""
        path = self.path(name)
        if not path.is_file():
            raise UserError(f"no model is called {name!r} here; {self._known()}")
        older = self.versions(name)
        try:
            return Installed(name, path, read_bundle(path), "", older)
        except UserError as error:
            return Installed(name, path, None, str(error), older)

    def versions(self, name: str) -> int:
        """Return how many older versions of a model can be rolled back to."""
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


def _is_older(one: str, other: str) -> bool:
    """Whether one export time is before another; a time that is not stated is before any."""
    if not (one and other):
        return bool(other) and not one
    try:
        return datetime.fromisoformat(one) < datetime.fromisoformat(other)
    except (ValueError, TypeError):  # one without a time, or one without a time zone
        return one < other


def read_some(stream: BinaryIO | io.RawIOBase, most: int) -> bytes:
    """Read some bytes, none at the end. Raises UserError where none come for ``STALL_S``."""
    if isinstance(stream, io.RawIOBase):  # from another machine, and nothing is kept in a buffer
        ready, _, _ = select.select([stream], [], [], STALL_S)
        if not ready:
            raise UserError(f"nothing of the upload came for {STALL_S:g} s; try again")
    return stream.read(most) or b""


def _locked(stream: BinaryIO | IO[str]) -> bool:
    """Take the lock of an open file, if nobody else has it."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    """Open a plain file for reading; None where it is anything else."""
    if path.is_symlink() or not path.is_file():
        yield None
        return
    with path.open("rb") as stream:
        yield stream


def _link(handle: int, path: Path) -> None:
    """Give an open file a name, whatever lies there now."""
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # With a folder given Python calls linkat, which follows /proc's link to the open file.
        os.link(f"/proc/self/fd/{handle}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)
