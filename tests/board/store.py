"""Where the parts of the emulated board are kept between runs.

``BOARD_CACHE`` (default ``~/.cache/ddsp-edge/board``) holds folders named KIND-KEY; the key is a
digest of everything that the content depends on, so nothing there is ever out of date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

#: Folders of one kind that are kept; the oldest go first.
KEPT = 2


def cache() -> Path:
    """The folder, made where it is not there yet."""
    folder = Path(os.environ.get("BOARD_CACHE") or Path.home() / ".cache/ddsp-edge/board")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def digest(*parts: object) -> str:
    """16 hex digits over texts and files' contents (a Path counts with its name)."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            content = part.name.encode() + b"\0" + part.read_bytes()
        else:
            content = repr(part).encode()
        total.update(len(content).to_bytes(8, "little") + content)
    return total.hexdigest()[:16]


def made(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder KIND-KEY; ``build(folder)`` fills it where it is not there yet.

    It appears under its name only when whole, so that a build that was interrupted leaves none.
    """
    final = cache() / f"{kind}-{key}"
    if not final.exists():
        begun = time.monotonic()
        print(f"board: making {final.name} ...", flush=True)
        new = cache() / f".{kind}-{key}.{os.getpid()}"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            build(new)
            new.rename(final)
        except OSError:
            if not final.exists():  # else another process was first with the same
                raise
        finally:
            shutil.rmtree(new, ignore_errors=True)
        print(f"board: made {final.name} in {time.monotonic() - begun:.0f} s", flush=True)
    os.utime(final)
    same_kind = [p for p in cache().glob(f"{kind}-*") if p.name.rsplit("-", 1)[0] == kind]
    for old in sorted(same_kind, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return final
