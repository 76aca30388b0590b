"""A system's files as one tar stream with their owners, so that nobody need be root to make them.

Packages are laid out as dpkg leaves them between unpacking and configuring: their files, their
scripts in dpkg's database, and "unpacked" as their state.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

#: Merged into /usr, as Debian 13 has it.
MERGED = ("bin", "sbin", "lib", "lib64")
#: Of no use on a box without a screen; a licence's text stays (share/doc/*/copyright).
PRUNED = re.compile(
    r"usr/share/(man|info|locale|lintian|bug|sounds|bash-completion|zsh|vim|gtk-doc|help)/."
    r"|usr/share/doc/[^/]+/(?!copyright$)."
)


class TreeWriter:
    """Writes a tar file; every path once, every folder before what is in it. A context manager."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._seen: set[str] = set()

    def __enter__(self) -> TreeWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tar.close()

    def member(self, info: tarfile.TarInfo, data: bytes | io.BufferedIOBase | None = None) -> None:
        """One member under its path without a leading slash; a path that is there already stays."""
        if info.name in self._seen:
            return
        parent = info.name.rpartition("/")[0]
        if parent and parent not in self._seen:
            self.folder(parent)
        self._seen.add(info.name)
        if isinstance(data, bytes):
            info.size = len(data)
            data = io.BytesIO(data)
        self._tar.addfile(info, data)

    def folder(self, path: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> None:
        """A folder, root's unless ``owner`` (user and group by number) is another's."""
        info = tarfile.TarInfo(path)
        info.type, info.mode = tarfile.DIRTYPE, mode
        info.uid, info.gid = owner
        self.member(info)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self.member(info)

    def file(
        self, path: str, content: bytes | str, mode: int = 0o644, owner: tuple[int, int] = (0, 0)
    ) -> None:
        """A file with that content, root's unless ``owner`` is another's."""
        info = tarfile.TarInfo(path)
        info.mode = mode
        info.uid, info.gid = owner
        self.member(info, content.encode() if isinstance(content, str) else content)

    def copy(
        self, source: tarfile.TarFile, skip: re.Pattern[str] | None = None, prefix: str = ""
    ) -> list[str]:
        """Everything of another tar, merged into /usr; what ``skip`` matches is left out. The
        paths as they are in it, as dpkg lists them ("/." first)."""
        names = []
        for info in source:
            name = info.name.removeprefix("./").rstrip("/")
            names.append("/" + (name or "."))
            path = _merged(prefix + name)
            if name in ("", ".") or (skip is not None and skip.match(path)):
                continue
            if info.isdir() and path in MERGED:
                continue
            data = source.extractfile(info) if info.isreg() else None
            info.name = path
            if info.islnk():
                info.linkname = _merged(prefix + info.linkname.removeprefix("./"))
            info.uname = info.gname = ""
            info.pax_headers = {}
            self.member(info, data)  # type: ignore[arg-type]
        return names


def _merged(path: str) -> str:
    first, slash, _ = path.partition("/")
    return f"usr/{path}" if slash and first in MERGED else path


def unpacked(debs: Iterable[Path], tree: TreeWriter) -> None:
    """Lay out packages as dpkg does before it configures them."""
    for name in MERGED[:3]:
        tree.folder(f"usr/{name}")
        tree.link(name, f"usr/{name}")
    status = []
    for deb in sorted(debs):
        control = subprocess.check_output(["dpkg-deb", "-f", str(deb)], text=True)
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", control, re.MULTILINE))
        base = fields["Package"]
        if fields.get("Multi-Arch") == "same":
            base += f":{fields['Architecture']}"
        info = f"var/lib/dpkg/info/{base}"
        conffiles = ""
        with debian_files(deb, "--ctrl-tarfile") as scripts:
            for member in scripts:
                name = member.name.removeprefix("./")
                if not member.isreg() or name == "control":
                    continue
                data = scripts.extractfile(member)
                assert data is not None
                content = data.read()
                tree.file(f"{info}.{name}", content, member.mode & 0o777)
                if name == "conffiles":
                    conffiles = content.decode()
        with debian_files(deb, "--fsys-tarfile") as files:
            names = tree.copy(files, PRUNED)
        tree.file(f"{info}.list", "\n".join(names) + "\n")
        status.append(_state(control, conffiles))
    tree.file("var/lib/dpkg/info/format", "1\n")
    for name in ("updates", "triggers", "alternatives"):
        tree.folder(f"var/lib/dpkg/{name}")
    tree.file("var/lib/dpkg/status", "\n".join(status))


def _state(control: str, conffiles: str) -> str:
    first, rest = control.split("\n", 1)
    listed = [line for line in conffiles.split("\n") if line.startswith("/")]
    more = "".join(f" {line} newconffile\n" for line in listed)
    more = f"Conffiles:\n{more}" if more else ""
    return f"{first}\nStatus: install ok unpacked\n{rest.rstrip()}\n{more}"


@contextmanager
def debian_files(deb: Path, which: str) -> Iterator[tarfile.TarFile]:
    """A package's files (--fsys-tarfile) or scripts (--ctrl-tarfile) as a tar, read once from its
    start. Raises RuntimeError where it cannot be unpacked."""
    process = subprocess.Popen(["dpkg-deb", which, str(deb)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with tarfile.open(fileobj=process.stdout, mode="r|") as files:
        yield files
    process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError(f"{deb.name} cannot be unpacked")
