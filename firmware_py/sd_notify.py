"""systemd's notification protocol (sd_notify): readiness, state, watchdog.

Own code, since it is a datagram of `KEY=VALUE` lines, a stable interface for fifteen years, and
no library fits a board: sdnotify is unmaintained since 2017 and knows no reload; systemd-python
and cysystemd bind libsystemd, which 32-bit boards would have to compile against.
"""

from __future__ import annotations

import logging
import os
import socket
import time

log = logging.getLogger(__name__)


class SystemdNotifier:
    """Talks to $NOTIFY_SOCKET; without one (a terminal) every call does nothing. Never raises.

    The environment is taken over, so that child processes do not talk to systemd.
    """

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        #: An abstract socket's name begins with NUL, written as @.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)  # a full queue must not hold up a stop
        self.watchdog_s = _watchdog_s()  #: feed it at least so often; 0.0: nobody watches
        self._status = ""

    def ready(self) -> None:
        """Tell systemd that the service has started, or has finished reloading."""
        self._send("READY=1")

    def reloading(self) -> None:
        """The service reads its config again until :meth:`ready` is called."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now_us}")

    def stopping(self) -> None:
        """Tell systemd that the service is stopping."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Tell systemd's watchdog that the service is alive."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows; sent only where it has changed."""
        text = " ".join(text.split())
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, text: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError as error:
            log.warning("systemd is not told %r: %s", text, error)


def _watchdog_s() -> float:
    """The watchdog's interval for this process in seconds, from $WATCHDOG_USEC; 0.0: none."""
    microseconds = os.environ.pop("WATCHDOG_USEC", "")
    process = os.environ.pop("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or (process and process != str(os.getpid())):
        return 0.0
    return int(microseconds) / 1e6
