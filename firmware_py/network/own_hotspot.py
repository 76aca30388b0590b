"""Name and password of the box's own hotspot, and what its owner wants of it, kept in a file."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, write_atomically
from firmware_py.network.decision import HotspotMode

#: Letters and digits that nobody takes for others when typing them from a display.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
LENGTH = 12  #: 60 bits
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class OwnHotspot:
    """The password of the hotspot, 8 to 63 characters, and when it is opened."""

    password: str
    mode: HotspotMode = "auto"


def new_password() -> str:
    """Return a random password of LENGTH letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def read_hotspot(path: Path, given: str = "") -> OwnHotspot:
    """Return what the file at ``path`` holds, made anew where there is none or it is damaged.

    ``given`` is the configuration's password, which takes precedence. Raises UserError where the
    file cannot be written.
    """
    password, mode = "", "auto"
    try:
        data = json.loads(read_limited(path, MOST_BYTES))
        password, mode = str(data["password"]), str(data["mode"])
    except (UserError, OSError, ValueError, KeyError, TypeError):
        pass
    good = given or (password if 8 <= len(password) <= 63 and password.isascii() else "")
    kept = OwnHotspot(
        good or new_password(), cast(HotspotMode, mode) if mode in get_args(HotspotMode) else "auto"
    )
    if (kept.password, kept.mode) != (password, mode):
        write_hotspot(path, kept)
    return kept


def write_hotspot(path: Path, hotspot: OwnHotspot) -> None:
    """Store it for nobody but this program. Raises UserError where that fails."""
    text = json.dumps({"password": hotspot.password, "mode": hotspot.mode})
    write_atomically(path, text.encode() + b"\n", 0o600)
