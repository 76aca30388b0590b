"""What a command is given to read: a file, or one line that says what it is instead."""

from __future__ import annotations

from pathlib import Path

from ddsp_edge.errors import UserError


def check_input(path: Path | str) -> Path:
    """The path, if it leads to a regular file. Opens nothing, so that it never waits.

    Raises UserError for a name of nothing, a folder, and what need not end: a pipe, a device.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise UserError(f"{path}: no such file")
        if path.is_dir():
            raise UserError(f"{path}: is a folder; give a file")
        if not path.is_file():
            raise UserError(f"{path}: is not a file; save what it gives to one first")
    except (OSError, ValueError) as error:  # a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path}: cannot be read ({reason})") from None
    return path
