"""One client of the control socket: its bounded buffers and its allowance of requests.

A flood of requests waits in the client's own socket, not here: Python that answers it would
take the interpreter from the control thread.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque

from ddsp_edge.api.protocol import MAX_LINE_BYTES

READ_BYTES = 16 * 1024
#: Answers wait here for a client that is slow to read; one that lets more pile up is dropped.
MAX_UNSENT_BYTES = 1024 * 1024
#: Requests at once, however few a client may make a second.
BURST = 25.0


class PeerGone(Exception):
    """Raised where the client has left or is to be disconnected."""


class Peer:
    """A client's buffers and allowance. For the server's thread only; times are seconds of one
    monotonic clock."""

    def __init__(self, connection: socket.socket, now_s: float) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.rate_hz: float | None = None  #: of its events; None: not subscribed, 0: no meters
        self.next_event_s = 0.0
        self.shown: dict[str, object] = {}  #: the state that it was last sent
        self.waiting = 0  #: requests that are being carried out
        self.heard_s = now_s
        self.watched = 0  #: what the selector waits for
        self._allowance, self._allowed_s, self._requests_per_s = BURST, now_s, 1.0
        self._input = bytearray()
        self._skipping = False  # the rest of a line that was too long
        self._output: deque[bytes] = deque()
        self._unsent = 0

    # -- input

    @property
    def wants_to_read(self) -> bool:
        """False while lines wait for their turn: then the client's socket fills up."""
        return len(self._input) < MAX_LINE_BYTES

    def receive(self, now_s: float) -> None:
        """Read the bytes that have arrived. Raises PeerGone at the end."""
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            raise PeerGone from None
        if not data:
            raise PeerGone
        self.heard_s = now_s
        self._input += data

    def next_line(self, now_s: float, requests_per_s: float) -> bytes | None:
        """A line that may be answered now; b"" stands for one that was too long."""
        earned = (now_s - self._allowed_s) * requests_per_s
        self._allowance = min(BURST, self._allowance + earned)
        self._allowed_s, self._requests_per_s = now_s, requests_per_s
        end = self._input.find(b"\n")
        if end < 0 and (self._skipping or len(self._input) >= MAX_LINE_BYTES):
            self._skipping = True
            self._input.clear()
        if end < 0 or self._allowance < 1.0:
            return None
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        self._allowance -= 1.0
        if self._skipping or end >= MAX_LINE_BYTES:
            self._skipping = False
            return b""
        return line

    def resumes_s(self) -> float | None:
        """Return when the next line that has arrived may be answered, in seconds."""
        if b"\n" not in self._input:
            return None
        return self._allowed_s + max(0.0, 1.0 - self._allowance) / self._requests_per_s

    # -- output

    @property
    def unsent(self) -> int:
        """Count of bytes that the client has not taken yet."""
        return self._unsent

    def send(self, data: bytes) -> None:
        """Send, or keep for later. Raises PeerGone where too much is kept."""
        if self._unsent + len(data) > MAX_UNSENT_BYTES:
            raise PeerGone
        self._output.append(data)
        self._unsent += len(data)
        self.flush()

    def flush(self) -> None:
        """Send as much as the socket takes now. Raises PeerGone."""
        while self._output:
            try:
                sent = self.socket.send(self._output[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                raise PeerGone from None
            self._unsent -= sent
            if sent < len(self._output[0]):
                self._output[0] = self._output[0][sent:]
            else:
                self._output.popleft()

    def close(self) -> None:
        """Close the connection; errors in doing so are ignored."""
        with contextlib.suppress(OSError):
            self.socket.close()
