"""Takes the file of an update, in pieces that may come over several connections, and asks for it
to be installed. Whether it is an update at all is found out by root's installer."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import NO_ROOM, save_file, sync_folder
from ddsp_edge.update.box import Box

#: An update is a slot's content, which has 512 MiB of room.
MOST_UPDATE_BYTES = 512 * 1024 * 1024
#: Bytes of an upload that are written at a time.
PIECE = 256 * 1024
#: Room that is left on the disk for presets, models and states.
SPARE_BYTES = 64 * 1024 * 1024
_PARTIAL = ".upload-"
BUSY = ("checking", "writing", "restarting")


class Readable(Protocol):
    """What an upload is read from."""

    def read(self, size: int, /) -> bytes | None:
        """At most ``size`` bytes; nothing at the end."""


class UpdateInbox:
    """The folder of uploads. Every method blocks on the disk only; one upload at a time."""

    def __init__(self, box: Box | None = None) -> None:
        self.box = box or Box()

    def begin(self, size: int, sha256: str) -> int:
        """Return how many bytes of this very file are here already. Raises UserError."""
        self._check(size, sha256)
        partial = self._partial(sha256)
        for other in self.box.folder.glob(f"{_PARTIAL}*"):
            if other != partial:
                other.unlink(missing_ok=True)
        have = partial.stat().st_size if _plain(partial) else 0
        if have > size:
            partial.unlink()
            have = 0
        self.box.upload.unlink(missing_ok=True)  # room for the new one
        free = shutil.disk_usage(self.box.folder).free
        if free < size - have + SPARE_BYTES:
            raise UserError(
                f"the box has {free // 1000000} MB free, the update needs "
                f"{(size + SPARE_BYTES) // 1000000} MB; remove models or other files there"
            )
        return have

    def append(self, source: Readable, offset: int, size: int, sha256: str) -> int:
        """Take the bytes from ``offset`` until ``source`` ends or the file is whole; return how
        many there are then. Raises UserError."""
        self._check(size, sha256)
        with self._writing(sha256) as stream:
            have = stream.seek(0, os.SEEK_END)
            if offset != have:
                raise UserError(f"{have} bytes are here, the upload goes on at {offset}")
            try:
                while have < size and (piece := source.read(min(PIECE, size - have))):
                    stream.write(piece)
                    have += len(piece)
            finally:
                stream.flush()
        return have

    def finish(self, size: int, sha256: str) -> None:
        """Put the file in place if it is whole. Raises UserError, and forgets it, if not."""
        self._check(size, sha256)
        partial = self._partial(sha256)
        with self._writing(sha256) as stream:
            right = _sha256(stream) == sha256 and stream.tell() == size
            if right:
                os.fsync(stream.fileno())
        if not right:
            partial.unlink(missing_ok=True)
            raise UserError("the update was changed on its way; send it again")
        self._place(partial)

    def _place(self, partial: Path) -> None:
        try:
            os.replace(partial, self.box.upload)
        except OSError as error:
            raise UserError(f"the update cannot be stored ({error.strerror})") from None
        sync_folder(self.box.folder)

    def begin_unnamed(self, size: int) -> str:
        """Begin a file whose SHA-256 nobody can say yet, as a browser sends it, and return what
        :meth:`append` takes in its place. Raises UserError."""
        key = secrets.token_hex(32)
        self.begin(size, key)
        return key

    def finish_unnamed(self, size: int, key: str) -> None:
        """Put such a file in place if all of it has come. Raises UserError, and forgets it."""
        with self._writing(key) as stream:
            have = stream.seek(0, os.SEEK_END)
            if have == size:
                os.fsync(stream.fileno())
        if have != size:
            self.forget(key)
            raise UserError(f"only {have} of {size} bytes have come; send the update again")
        self._place(self._partial(key))

    def forget(self, key: str) -> None:
        """Remove what has come of an upload; harmless where nothing has."""
        with contextlib.suppress(OSError):
            self._partial(key).unlink()

    def take(self, source: BinaryIO, size: int) -> None:
        """A whole file at once, as a stick brings it. Raises UserError."""
        sha256 = _sha256(source)
        have = self.begin(size, sha256)
        source.seek(have)
        self.append(source, have, size, sha256)
        self.finish(size, sha256)

    def ask(self, do: str, **details: Any) -> None:
        """Ask root's installer: "install" (what is here), "back" (the other system at the next
        start). Raises UserError."""
        self.box.check_offered()
        self._check_idle()
        save_file(self.box.request, json.dumps({"do": do, **details}).encode(), 0o660)

    def _check_idle(self) -> None:
        stage = self.box.state()["stage"]
        if stage in BUSY or self.box.request.exists():
            raise UserError("the box is installing an update now; wait until it is done")

    def _check(self, size: int, sha256: str) -> None:
        self.box.check_offered()
        if not 0 < size <= MOST_UPDATE_BYTES:
            raise UserError(
                f"an update has 1 to {MOST_UPDATE_BYTES} bytes, this has {size}; "
                "give the .raucb file that `make update` makes"
            )
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise UserError("the upload names no SHA-256")
        self._check_idle()

    def _partial(self, sha256: str) -> Path:
        return self.box.folder / f"{_PARTIAL}{sha256}"

    @contextlib.contextmanager
    def _writing(self, sha256: str) -> Iterator[BinaryIO]:
        """The partial file; links are not followed. Raises UserError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(self._partial(sha256), flags, 0o660)
            with os.fdopen(handle, "r+b") as stream:
                yield stream
        except OSError as error:
            if error.errno in NO_ROOM:
                raise UserError("the box has no room for the update; remove files there") from None
            if error.errno == errno.ELOOP:
                raise UserError("the upload is a link; remove it on the box") from None
            raise UserError(f"the update cannot be stored ({error.strerror})") from None


def _sha256(stream: BinaryIO) -> str:
    """Read a file from its start to its end; return its SHA-256."""
    stream.seek(0)
    total = hashlib.sha256()
    while piece := stream.read(PIECE):
        total.update(piece)
    return total.hexdigest()


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
