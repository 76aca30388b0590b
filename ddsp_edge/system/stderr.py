"""Keeps what libraries print on the standard error from the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def quiet_stderr(log: Path | None = None) -> Iterator[None]:
    """Send file descriptor 2 to the end of ``log``, or nowhere, for as long as the block runs.

    XNNPACK announces itself there at its first model, torch and absl warn; a command must not.
    All of the process is meant, C libraries and other threads too.
    """
    try:
        saved = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    try:
        with open(log or os.devnull, "ab") as target:
            sys.stderr.flush()
            os.dup2(target.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
