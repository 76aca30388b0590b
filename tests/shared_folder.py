"""What all tests of a session share, also where pytest-xdist runs them in several processes.

:mod:`session_folder` makes the folder and removes it; here a test or fixture keeps in it what is
dear to make: compiled objects, exported models, features of recordings.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

#: The environment variable that tells the workers where it is.
VARIABLE = "DDSP_EDGE_TESTS_SHARED"


def folder() -> Path:
    """The session's shared folder. Raises KeyError outside of a session of tests."""
    return Path(os.environ[VARIABLE])


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock on ``path`` (a file, made where it is missing)."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The file or folder ``name``, made by ``make(path)`` by whoever asks first.

    ``make`` writes to a path that nobody else sees; what it raises is raised here, and the next
    who asks tries again.
    """
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with only_one(path.with_name(path.name + ".lock")):
        if not path.exists():
            partial = path.with_name(f"partial-{os.getpid()}-{path.name}")
            try:
                make(partial)
                partial.rename(path)
            finally:
                if partial.is_dir():
                    shutil.rmtree(partial)
                else:
                    partial.unlink(missing_ok=True)
    return path
