"""In the guest: what stands for the engine. It speaks the control protocol by the box's own server;
there is no sound card in this machine, so the count of periods is a clock's."""

from __future__ import annotations

import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from firmware_py.socket.server import ControlServer

SOCKET = Path("/run/ddsp-edge/control.sock")
PERIODS_HZ = 375.0


class ClockedEngine:
    """Says what plays, and counts as a card of 48 kHz with periods of 128 would."""

    def status(self) -> dict[str, Any]:
        """A model is loaded."""
        return {"model": "violin"}

    def stats(self) -> dict[str, Any]:
        """The audio thread's count of periods."""
        return {"stream": {"heartbeat": int(time.monotonic() * PERIODS_HZ)}}


def main(kind: str) -> int:
    """Play, crash at once, hang (take connections and never answer), or be deaf: no periods."""
    if kind == "crash":
        return 1
    if kind == "hang":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(SOCKET))
            listener.listen()
            signal.pause()
    server = ControlServer(SOCKET, ClockedEngine())
    server.start()
    signal.pause()
    return 0


if __name__ == "__main__":
    SOCKET.parent.mkdir(exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    sys.exit(main(Path("/usr/lib/ddsp-edge/kind").read_text().strip()))
