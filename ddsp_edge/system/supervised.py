"""Whether something starts this program again when it ends."""

from __future__ import annotations

import os


def started_by_systemd() -> bool:
    """Whether this process is a service that systemd started itself.

    systemd says so in $SYSTEMD_EXEC_PID (from version 248 on); a program that a service or a
    desktop session has started inherits another number.
    """
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())
