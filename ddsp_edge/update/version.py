"""Versions of card images and updates: numbers with dots between, the last one the time."""

from __future__ import annotations

import re
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited

#: What install.sh writes into a system that is made (deploy/image/update).
DEFAULT_RELEASE = Path("/usr/lib/ddsp-edge/system-release")
_VERSION = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18}){0,7}")


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared. Raises UserError."""
    if not _VERSION.fullmatch(version):
        raise UserError(f"{version[:60]!r} is no version (numbers with dots between)")
    return tuple(int(each) for each in version.split("."))


def image_version(release: Path = DEFAULT_RELEASE) -> str:
    """Return IMAGE_VERSION of a file like os-release; "" where it has none."""
    try:
        text = read_limited(release, 64 * 1024).decode("utf-8", "replace")
    except UserError:
        return ""
    found = re.search(r'^IMAGE_VERSION="?([0-9.]+)"?$', text, re.MULTILINE)
    return found[1] if found and _VERSION.fullmatch(found[1]) else ""
