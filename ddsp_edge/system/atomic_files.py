"""Files written all or nothing: a reader never meets half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ddsp_edge.errors import UserError

#: How the names of files that are being written begin; a kill leaves one behind.
PARTIAL = ".ddsp-edge-"
#: The disk is full, the user's share of it is, or a file has the largest size that is allowed.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_target(path: Path | str, *inputs: Path | str) -> Path:
    """The path, if :func:`replacing` will be able to write there. Raises UserError.

    ``inputs`` are files that must not be overwritten.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise UserError(f"{path}: is a folder; give the name of a file")
        if not path.parent.is_dir():
            raise UserError(f"{path}: the folder {path.parent} does not exist; make it first")
        if not os.access(path.parent, os.W_OK):
            raise UserError(f"{path}: may not be written; choose another folder")
        for source in inputs:
            if path.exists() and os.path.exists(source) and os.path.samefile(path, source):
                raise UserError(f"{path}: is the input itself; name another --out")
    except OSError as error:  # a name that no file can have, a folder that may not be looked into
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def check_new(path: Path | str, option: str) -> None:
    """Refuse a path where a file is that would be lost. Raises UserError.

    ``option`` is what gave the path, as the remedy names it. Devices and pipes lose nothing.
    """
    if Path(path).is_file():
        raise UserError(
            f"{path}: exists already; add --force to replace it, or give {option} another name"
        )


def numbered(path: Path) -> Path:
    """Return ``path``, or where that exists the first of name-2, name-3, ... that does not."""
    free, number = path, 2
    while free.exists() or free.is_symlink():
        free, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return free


@contextlib.contextmanager
def replacing(path: Path | str, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream whose content is at ``path`` when the block ends well, and nowhere if not.

    So also after a power cut. ``mode``: the file's rights (default: what the umask leaves).
    What is there and is no plain file (/dev/null, a pipe) is written to as it is.
    Raises UserError where writing fails.
    """
    path = check_target(path)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        handle, partial = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
        try:
            with os.fdopen(handle, "w+b") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())  # else the rename may come to the disk before the bytes
            os.chmod(partial, 0o666 & ~_umask() if mode is None else mode)
            os.replace(partial, path)
            sync_folder(path.parent)
        except BaseException:  # also when the user stops it
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from None


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """The whole file or none of it, in a folder that is made if need be. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    with replacing(path, mode) as stream:
        stream.write(data)


def save_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """As :func:`write_atomically`, for files that must be read again: what is there and is no
    regular file (a pipe, a device) is refused. Raises UserError."""
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: is not a regular file; remove it or rename it")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    write_atomically(path, data, mode)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a rename survives a power cut then."""
    with contextlib.suppress(OSError):  # a file system that cannot
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_partial_files(*folders: Path) -> int:
    """Remove what writers that were killed have left in these folders; returns how many files.

    For the start of a program that alone writes there.
    """
    removed = 0
    for folder in folders:
        try:
            names = [name for name in os.listdir(folder) if name.startswith(PARTIAL)]
        except OSError:  # there is no such folder yet
            continue
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(folder / name)
                removed += 1
    return removed


@contextlib.contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder that goes with the block. ``what`` needs it, for the message of a full disk.

    Raises UserError where there is no room for it or for what the block writes.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise UserError(
            f"{what}: {tempfile.gettempdir()} has no room for it ({error.strerror}); make room "
            "there, or name another folder: TMPDIR=FOLDER"
        ) from None


def read_limited(path: Path | str, max_bytes: int) -> bytes:
    """The whole of a plain file of at most ``max_bytes``; waits for nothing. Raises UserError."""
    with opened_plain(path) as stream:
        data = stream.read(max_bytes + 1) or b""  # None: a file of the kernel would wait
        if len(data) > max_bytes:
            size = max(os.fstat(stream.fileno()).st_size, len(data))
            raise UserError(f"{path}: has {size} bytes, at most {max_bytes} are read")
        return data


@contextlib.contextmanager
def opened_plain(path: Path | str) -> Iterator[BinaryIO]:
    """A plain file for reading, as large as it may be; waits for nothing. Raises UserError."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise UserError(f"{path}: is not a file; give the path of one")
            yield stream
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder; give the path of a file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path}: cannot be read ({reason})") from None


def _open_without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # a FIFO would wait for ever


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
