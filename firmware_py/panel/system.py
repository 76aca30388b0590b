"""The state of the box (ddsp_edge/system/host.py) and the log of its services."""

from __future__ import annotations

import threading
import time
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.host import Host as System
from ddsp_edge.system.journal import read_journal
from ddsp_edge.web.answers import ApiError, from_user_error
from firmware_py.panel.log_words import sentences

__all__ = ["Logs", "System"]

UNITS = {"engine": "ddsp-edge.service", "panel": "ddsp-edge-panel.service"}
MAX_LOG_LINES = 1000
LOG_KEPT_S = 1.0


class Logs:
    """The services' log. :meth:`read` blocks; any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key, self._at_s = ("", 0), 0.0
        self._lines: list[str] = []
        self._entries: list[dict[str, Any]] = []

    def read(self, lines: str | None, unit: str | None) -> dict[str, Any]:
        """Return the last lines of a service, and as ``entries`` what they say in sentences.

        Raises ApiError, 404 where there is no journal.
        """
        wanted = "200" if lines is None else lines
        if not (wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) <= MAX_LOG_LINES):
            raise ApiError(400, "lines is wrong", f"give 1 to {MAX_LOG_LINES}")
        name = "engine" if unit is None else unit
        if name not in UNITS:
            raise ApiError(400, "there is no such unit", f"one of: {', '.join(UNITS)}")
        key = (UNITS[name], int(wanted))
        with self._lock:  # one journalctl at a time, and not for every click
            if key != self._key or time.monotonic() - self._at_s > LOG_KEPT_S:
                try:
                    self._lines = read_journal(*key)
                except UserError as error:
                    told = from_user_error(error)
                    remedy = "it is systemd's journal, which the panel's user must be able to read"
                    raise ApiError(404, told.error, remedy) from None
                self._entries = sentences(self._lines)
                self._key, self._at_s = key, time.monotonic()
            return {"unit": name, "entries": self._entries, "lines": self._lines}
