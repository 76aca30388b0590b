"""The signals that the program answers; they are blocked before the first thread begins."""

from __future__ import annotations

import signal

#: Stop, stop, read the config again.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def block() -> None:
    """In the main thread, before numpy and others make threads of their own, which inherit it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
