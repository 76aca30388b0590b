"""The network service's socket: one line of JSON in, one out, then it is closed."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from ddsp_edge.errors import UserError
from firmware_py.socket.socket_file import listen

log = logging.getLogger(__name__)

MOST_BYTES = 2048  #: of a request
PATIENCE_S = 2.0  #: for one client, request and answer
#: Arguments of each verb by name, with their types; all must be given.
VERBS: dict[str, dict[str, type]] = {
    "state": {},
    "join": {"name": str, "password": str, "hidden": bool},
    "forget": {"uuid": str},
    "look": {},
    "set_mode": {"mode": str},
}


class NetworkVerbs(Protocol):
    """What a request can ask for; each returns at once and raises UserError where it refuses."""

    def state(self) -> dict[str, Any]: ...
    def join(self, name: str, password: str, hidden: bool) -> None: ...
    def forget(self, uuid: str) -> None: ...
    def look(self) -> None: ...
    def set_mode(self, mode: Any) -> None: ...


class NetworkSocket:
    """Listens once made; :meth:`run` answers, one client after the other, until :meth:`stop`."""

    def __init__(self, path: Path, verbs: NetworkVerbs) -> None:
        self.path, self._verbs = path, verbs
        self._listener = listen(path, 0o660, "")
        self._listener.setblocking(True)
        self._listener.settimeout(1.0)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End :meth:`run` within a second. Any thread; a signal handler may call it."""
        self._stopping.set()

    def run(self) -> None:
        """Answer until :meth:`stop`, then remove the socket's file."""
        try:
            while not self._stopping.is_set():
                try:
                    connection, _ = self._listener.accept()
                except (TimeoutError, OSError):
                    continue
                with connection, contextlib.suppress(OSError):
                    self._serve(connection)
        finally:
            self._listener.close()
            self.path.unlink(missing_ok=True)

    def _serve(self, connection: socket.socket) -> None:
        ends_s = time.monotonic() + PATIENCE_S
        data = b""
        while not data.endswith(b"\n"):
            connection.settimeout(max(0.01, ends_s - time.monotonic()))
            part = connection.recv(MOST_BYTES)
            data += part
            if not part or len(data) > MOST_BYTES or time.monotonic() > ends_s:
                return
        connection.settimeout(max(0.01, ends_s - time.monotonic()))
        connection.sendall(json.dumps(self.answer(data)).encode() + b"\n")

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to a request, whatever its bytes are."""
        try:
            verb, arguments = parse(line)
            result = getattr(self._verbs, verb)(**arguments)
            return {"ok": True, "result": result or {}}
        except UserError as error:
            return {"ok": False, "error": " ".join(str(error).split())}


def parse(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return verb and arguments of a request. Raises UserError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise UserError("the request is not JSON; send one object on a line") from None
    verb = data.pop("do", None) if isinstance(data, dict) else None
    if not isinstance(verb, str) or verb not in VERBS:
        raise UserError(f"do is wrong; one of {', '.join(VERBS)}")
    wanted = VERBS[verb]
    good = set(data) == set(wanted) and all(type(data[n]) is kind for n, kind in wanted.items())
    if not good:
        names = ", ".join(f"{name} ({kind.__name__})" for name, kind in wanted.items())
        raise UserError(f"{verb} is asked wrongly; it takes {names or 'nothing'}")
    if verb == "set_mode" and data["mode"] not in ("auto", "hotspot"):
        raise UserError("mode is wrong; auto or hotspot")
    return verb, data
