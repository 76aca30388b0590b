"""The last lines that a service wrote, from systemd's journal."""

from __future__ import annotations

import subprocess

from ddsp_edge.errors import UserError

TIMEOUT_S = 20.0


def read_journal(unit: str, lines: int) -> list[str]:
    """Return lines with their times, oldest first. Raises UserError where there is no journal."""
    command = ["journalctl", "--no-pager", "-q", "-o", "short-iso", "-n", str(lines), "-u", unit]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"the log cannot be read ({error})") from None
    if done.returncode != 0:
        remedy = "; as root there: usermod -aG systemd-journal USER"
        raise UserError(f"the log cannot be read ({done.stderr.strip()}){remedy}")
    return done.stdout.splitlines()
