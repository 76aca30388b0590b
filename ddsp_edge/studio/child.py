"""A ``ddsp-edge`` command as a process of its own, which is stopped as Ctrl-C stops it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ddsp_edge.errors import UserError

LAST_BYTES = 16 * 1024
STOP_S = 60.0  #: for a training to write its checkpoint


class ChildCommand:
    """``ddsp-edge WORDS…`` in ``folder``, from now on; what it prints goes to the file ``log``.

    Any thread. Raises UserError where it cannot be started.
    """

    def __init__(self, words: Sequence[str], folder: Path, log: Path) -> None:
        self.log, self.asked_to_stop = log, False
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as stream:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "ddsp_edge", *words],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    start_new_session=True,  # Ctrl-C in the studio's terminal is the studio's
                )
        except OSError as error:
            raise UserError(f"{log}: the command cannot be started ({error.strerror})") from None

    @property
    def code(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does: a training keeps its step. Returns at once."""
        self.asked_to_stop = True
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGINT)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s)

    def close(self) -> None:
        """Stop it and wait; one that does not stop within a minute is killed."""
        self.stop()
        try:
            self.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self.wait()

    def lines(self) -> list[str]:
        """Return the last lines that it printed."""
        return last_lines(self.log)


def last_lines(log: Path, most: int = 40) -> list[str]:
    """Return the last lines of a log; none where there is no such file."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - LAST_BYTES))
            text = stream.read(LAST_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    return [line.split("\r")[-1][:400] for line in text.splitlines() if line.strip()][-most:]
