"""A client of the control socket: one request, one answer, and events."""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ddsp_edge.api.protocol import RequestError, default_socket, encode
from ddsp_edge.errors import UserError

TIMEOUT_S = 10.0
BUSY_S = 1.0  #: for which a full queue of connections is tried again
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class NoEngine(UserError):
    """Raised where no engine runs, its socket may not be opened, or it does not answer."""


class ControlClient:
    """One connection; one thread at a time. ``path``: see default_socket().

    ``timeout_s`` is for one answer; :meth:`call` takes another for verbs that wait. Raises
    NoEngine at the first call where no engine is, RequestError where it says no.
    """

    def __init__(self, path: Path | str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.path = Path(path) if path is not None else default_socket()
        self.timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._input = bytearray()
        self._events: deque[dict[str, Any]] = deque(maxlen=1000)
        self._last_id = 0

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call connects again."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._input.clear()

    def call(
        self, verb: str, *, timeout_s: float | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """Return the result of a verb (ddsp_edge/api/verbs.py).

        Raises RequestError and NoEngine.
        """
        self._last_id += 1
        deadline = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        given = {key: value for key, value in arguments.items() if value is not None}
        request = encode({"id": self._last_id, "do": verb, **given})
        connection = self._connected()
        try:
            self._send(connection, request, deadline)
            while True:
                message = self._message(deadline)
                if "event" in message:
                    self._events.append(message)
                elif message.get("id") == self._last_id or not message.get("ok"):
                    break
        except BaseException:
            self.close()  # an answer that comes later must not be taken for another's
            raise
        if message.get("ok") is True:
            return dict(message["result"])
        raise RequestError(
            str(message.get("code")), str(message.get("error")), str(message.get("remedy", ""))
        )

    def events(self, timeout_s: float | None = None) -> Iterator[dict[str, Any]]:
        """Events as they come, after ``call("subscribe")``.

        Ends when none has come for ``timeout_s`` (None: never). Raises NoEngine when the engine
        goes.
        """
        while True:
            if self._events:
                yield self._events.popleft()
                continue
            deadline = None if timeout_s is None else time.monotonic() + timeout_s
            try:
                message = self._message(deadline)
            except _TooLate:
                return
            if "event" in message:
                self._events.append(message)

    # -- the connection

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.timeout_s)
                _connect(connection, str(self.path))
            except OSError as error:
                connection.close()
                raise self._unreachable(error) from None
            self._socket = connection
        return self._socket

    def _unreachable(self, error: OSError) -> NoEngine:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError | NotADirectoryError):
            return NoEngine(
                f"no engine is listening at {self.path}; start it with: "
                "systemctl start ddsp-edge (or: python -m firmware_py)"
            )
        if isinstance(error, PermissionError):
            return NoEngine(
                f"{self.path}: may not be opened; join its group (ls -l shows it): "
                "sudo usermod -aG GROUP $USER, then log in again"
            )
        if isinstance(error, BlockingIOError):  # EAGAIN: nobody has accepted those before us yet
            return NoEngine(
                f"{self.path}: the engine is busy, too many programs connect at once; try again"
            )
        if isinstance(error, TimeoutError):
            return NoEngine(
                f"{self.path}: the engine does not answer; restart it with: "
                "systemctl restart ddsp-edge"
            )
        return NoEngine(
            f"{self.path}: is not an engine's control socket ({error.strerror or error}); "
            "give its path with --socket"
        )

    def _send(self, connection: socket.socket, request: bytes, deadline: float) -> None:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            connection.sendall(request)
        except TimeoutError as error:
            raise self._unreachable(error) from None
        except OSError:  # it has hung up, and may have said why: read on
            pass

    def _message(self, deadline: float | None) -> dict[str, Any]:
        """Return the next line as a message. Raises NoEngine."""
        while (end := self._input.find(b"\n")) < 0:
            self._receive(deadline)
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise NoEngine(f"{self.path}: no engine answers there; give the path with --socket")
        return message

    def _receive(self, deadline: float | None) -> None:
        connection = self._connected()
        try:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0.0:
                raise TimeoutError
            connection.settimeout(left)
            data = connection.recv(64 * 1024)
        except TimeoutError as error:
            raise _TooLate(str(self._unreachable(error))) from None
        except OSError:
            data = b""
        if not data or len(self._input) > MAX_ANSWER_BYTES:
            self.close()
            raise NoEngine(f"{self.path}: the engine has hung up; systemctl status ddsp-edge")
        self._input += data


def _connect(connection: socket.socket, path: str) -> None:
    """Connect, and try again for a moment where the engine's queue is full. Raises OSError."""
    ends = time.monotonic() + BUSY_S
    while True:
        try:
            connection.connect(path)
            return
        except BlockingIOError:
            if time.monotonic() >= ends:
                raise
            time.sleep(0.02)


class _TooLate(NoEngine):
    """Raised where the engine did not answer in time."""
