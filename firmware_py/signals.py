"""The signals that the service answers, waited for with a pipe.

``signal.sigtimedwait`` is not used: where a process is stopped and continued while its timeout
runs out, CPython 3.11 returns a signal that never came.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType

#: Stop, stop, read the config again.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def block() -> None:
    """Block the signals in this thread and in those that it starts.

    For the main thread, before numpy and others start threads: a signal that reaches a thread of
    a library before :class:`SignalPipe` is open would end the program.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the signal's number is in the pipe already."""


class SignalPipe:
    """Receives SIGNALS from :meth:`open` to :meth:`close`. For the main thread only."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)

    def open(self) -> None:
        """Unblock the signals in this thread; from now on they go into the pipe."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _ignore)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def wait(self, timeout_s: float) -> signal.Signals | None:
        """The next signal; None where none came within ``timeout_s`` seconds."""
        if not self._poll.poll(round(1000 * timeout_s)):
            return None
        with contextlib.suppress(BlockingIOError, ValueError):
            number = signal.Signals(os.read(self._read, 1)[0])
            return number if number in SIGNALS else None
        return None

    def close(self) -> None:
        """Block the signals again and close the pipe."""
        block()
        signal.set_wakeup_fd(-1)
        os.close(self._read)
        os.close(self._write)
