"""Says in the local network what is served here (mDNS), by the program avahi-publish-service.

It belongs to Debian's package avahi-utils. Where it is not there, others find the box by its
address only.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import socket
import subprocess

_LOG = logging.getLogger(__name__)
PROGRAM = "avahi-publish-service"
SERVICE = "_apple-midi._udp"
END_S = 2.0


class Announcement:
    """Announces ``name`` on ``port`` from now to :meth:`stop`. Event rate; any thread.

    ``service`` is the DNS-SD type, by default that of RTP-MIDI.
    """

    def __init__(self, name: str, port: int, service: str = SERVICE) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        program = shutil.which(PROGRAM)
        if program is None:
            _LOG.info("%s is not announced: there is no %s (avahi-utils)", service, PROGRAM)
            return
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [program, f"{name} ({socket.gethostname()})", service, str(port)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    @property
    def announced(self) -> bool:
        """Return whether the program runs; it ends at once where there is no avahi-daemon."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the announcement; the name disappears from the network."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
