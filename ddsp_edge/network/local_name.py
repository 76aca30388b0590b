"""The name by which the local network finds this machine (mDNS), which need not be its host name:
where another machine has that already, avahi takes the next one (pedal-2)."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time

ANSWER_S = 2.0
#: Avahi is asked where it runs already; it is not started for this.
COMMAND = (
    *("busctl", "--system", "--auto-start=no", f"--timeout={ANSWER_S:g}", "call"),
    *("org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", "GetHostName"),
)
LASTS_S = 20.0
_ANSWER = re.compile(r's "([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"\s*')


def given_name() -> str:
    """Return the machine's host name without a domain."""
    return socket.gethostname().split(".")[0]


def local_name() -> str:
    """Return the name that ``.local`` is to be put after: avahi's; without avahi the host name.

    Blocks for ANSWER_S at most; any thread.
    """
    try:
        done = subprocess.run(
            COMMAND, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * ANSWER_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return given_name()
    found = _ANSWER.fullmatch(done.stdout) if done.returncode == 0 else None
    return found[1] if found else given_name()


class LocalName:
    """:func:`local_name`, asked for at most every LASTS_S. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._name, self._asked_s = "", float("-inf")

    def now(self) -> str:
        """Return the name. Blocks as :func:`local_name` where it is asked for."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._asked_s >= LASTS_S:
                self._name, self._asked_s = local_name(), now_s
            return self._name
