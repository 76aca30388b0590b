"""Reading a zip that a stranger made, writing one that is the same every time."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

MAX_MEMBERS = 64
MAX_MEMBER_BYTES = 32 * 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024
MAX_DIRECTORY_BYTES = 64 * 1024
#: What zipfile raises on damage of one kind or another.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    OSError,
)
_END, _END_SIZE, _LOCATOR64 = b"PK\x05\x06", 22, b"PK\x06\x07"
_DOS = 0  #: where a member was made
_EXPLORERS = ("thumbs.db", "ehthumbs.db", "desktop.ini")
_FINDERS_ICON = "Icon\r"  #: a folder with a picture of its own holds this
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ZipError(ValueError):
    """What is wrong with a zip; the bundle reader adds the file's name."""


class SafeZip:
    """The members of a zip in memory, checked; nothing is unpacked to disk.

    ``start`` is where the zip begins: a TFLite file may lie before it.
    """

    def __init__(self, data: bytes) -> None:
        end = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF))
        if end < 0 or end + _END_SIZE > len(data):
            raise ZipError("its zip is cut off or damaged (no directory at the end)")
        (directory_bytes,) = struct.unpack_from("<I", data, end + 12)
        if directory_bytes > MAX_DIRECTORY_BYTES or _LOCATOR64 in data[max(0, end - 20) : end]:
            raise ZipError("its zip has far too many members")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGE as error:
            raise ZipError(f"its zip is damaged ({_line(error)})") from None
        infos = self._zip.infolist()
        if not 1 <= len(infos) <= MAX_MEMBERS:
            raise ZipError(f"its zip has {len(infos)} members, not 1 to {MAX_MEMBERS}")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.filename
            if info.create_system == _DOS:
                # Windows PowerShell 5 writes folders so, against the format's rules.
                name = name.replace("\\", "/")
            _check_member(info, name)
            if name in self._infos:
                raise ZipError(f"its zip holds {name!r} twice")
            self._infos[name] = info
        if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
            raise ZipError(f"its zip unpacks to more than {MAX_TOTAL_BYTES >> 20} MiB")
        self.start = min(info.header_offset for info in infos)

    def without_clutter(self) -> None:
        """Forget what file managers add, and the folders that everything lies in."""
        kept = {
            name: info
            for name, info in self._infos.items()
            if not name.endswith("/") and not _is_clutter(name)
        }
        while kept and all("/" in name for name in kept):
            if len({name.split("/", 1)[0] for name in kept}) > 1:
                break
            kept = {name.split("/", 1)[1]: info for name, info in kept.items()}
        self._infos = kept

    def names(self) -> list[str]:
        """Return the names of the members, without folders."""
        return [name for name in self._infos if not name.endswith("/")]

    def read(self, name: str, limit: int = MAX_MEMBER_BYTES) -> bytes:
        """Return one member of at most ``limit`` bytes. Raises ZipError."""
        info = self._infos[name]
        if info.file_size > limit:
            raise ZipError(f"its {name} has {info.file_size} bytes, more than {limit}")
        try:
            with self._zip.open(info) as stream:
                data = stream.read(limit + 1)
        except DAMAGE as error:
            raise ZipError(f"its {name} is damaged ({_line(error)})") from None
        if len(data) != info.file_size:
            raise ZipError(f"its {name} has {len(data)} bytes, not {info.file_size}")
        return data


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _is_clutter(name: str) -> bool:
    """Return whether a member is what Finder, Explorer and the like add to a zip."""
    parts = name.split("/")
    if any(part in ("__MACOSX", "@eaDir") or part.startswith(".") for part in parts):
        return True
    return parts[-1] == _FINDERS_ICON or parts[-1].lower() in _EXPLORERS


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    if not name.removesuffix(_FINDERS_ICON).isprintable() or not 1 <= len(name) <= 255:
        raise ZipError(f"its zip holds a member with the name {name[:40]!r}")
    # zipfile cuts a name at its first NUL: what the file says must be what is checked.
    if info.orig_filename != info.filename or "\\" in name or ":" in name:
        raise ZipError(f"its zip holds a member with the name {info.orig_filename[:40]!r}")
    if name.startswith("/") or any(part in (".", "..") for part in name.split("/")):
        raise ZipError(f"its zip holds {name!r}, a path that leads outside")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ZipError(f"its zip holds {name!r}, a link or device")
    if info.flag_bits & 0x1:
        raise ZipError(f"its zip holds {name!r}, which is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ZipError(f"its zip holds {name!r} packed in a way that is not supported")
    if info.file_size > MAX_MEMBER_BYTES:
        raise ZipError(f"its {name} unpacks to {info.file_size} bytes")


def build_zip(members: Mapping[str, bytes], behind: bytes = b"") -> bytes:
    """A zip of ``members``, byte for byte the same for the same content.

    With ``behind`` that comes first, and the zip's offsets count from its start: JUCE's reader,
    which DDSP-VST uses, knows no other way.
    """
    buffer = io.BytesIO(behind)
    with zipfile.ZipFile(buffer, "a" if behind else "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data, compresslevel=9)
    return buffer.getvalue()
