"""The control socket's lines: requests, answers, events (docs/control.md)."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError

VERSION = 1
MAX_LINE_BYTES = 64 * 1024  #: of a request, its newline included
MAX_DEPTH = 8  #: lists and objects within each other
MAX_OPENERS = 256  #: [ and { in a request, those in texts too
ENVIRONMENT = "DDSP_EDGE_SOCKET"
SERVICE_SOCKET = Path("/run/ddsp-edge/control.sock")


class RequestError(UserError):
    """A request that is not carried out. ``code`` is for programs, ``remedy`` for people.

    Codes: ``request`` (no line of this protocol), ``verb`` and ``argument`` (unknown or wrong),
    ``refused`` (the engine says no), ``busy`` (later), ``internal`` (a bug; see the log).
    """

    def __init__(self, code: str, error: str, remedy: str = "") -> None:
        super().__init__(f"{error}; {remedy}" if remedy else error)
        self.code, self.error, self.remedy = code, error, remedy


def default_socket() -> Path:
    """Return the path: $DDSP_EDGE_SOCKET, else the service's, else the user's own."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not SERVICE_SOCKET.exists():
        return Path(runtime) / "ddsp-edge" / "control.sock"
    return SERVICE_SOCKET


def encode(message: dict[str, Any]) -> bytes:
    """Return a line of strict JSON; numbers that JSON does not have become null."""
    message = {"v": VERSION, **message}
    try:
        text = json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(message), allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def decode(line: bytes) -> dict[str, Any]:
    """Parse a line of this protocol version into its object. Raises RequestError."""
    message = decode_object(line)
    if not is_version(message.get("v")):
        raise RequestError(
            "request",
            f"protocol version {message.get('v')!r} is not supported",
            f'say "v": {VERSION}, or install the same version of ddsp-edge on both sides',
        )
    return message


def is_version(value: Any) -> bool:
    """Whether it is the number of our version, and no ``true`` or ``1.0`` that equals it."""
    return type(value) is int and value == VERSION


def decode_object(line: bytes) -> dict[str, Any]:
    """Parse a line of any protocol version into its object. Raises RequestError."""
    if line.count(b"[") + line.count(b"{") > MAX_OPENERS:
        # Counted before: the parser's recursion may be deeper than a thread's stack.
        raise RequestError("request", "nested too deeply", _EXAMPLE)
    try:
        message = json.loads(
            line.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_distinct
        )
    except (ValueError, RecursionError) as error:
        reason = str(error).split(":")[0] or "nested too deeply"
        raise RequestError("request", f"not a line of JSON ({reason})", _EXAMPLE) from None
    if not isinstance(message, dict):
        raise RequestError("request", "not a JSON object", _EXAMPLE)
    if _depth(message) > MAX_DEPTH:
        raise RequestError("request", f"nested deeper than {MAX_DEPTH} levels", _EXAMPLE)
    return message


_EXAMPLE = 'write for instance {"v": 1, "id": 1, "do": "status"}'


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose keys all differ. Raises ValueError: readers disagree on duplicates."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def checked_id(request_id: Any) -> Any:
    """Return the id of a request, which the answer repeats. Raises RequestError."""
    if request_id is None or (isinstance(request_id, str) and len(request_id) <= 100):
        return request_id
    whole = isinstance(request_id, int) and not isinstance(request_id, bool)
    if whole and abs(request_id) < 1 << 53:
        return request_id
    limit = "give a whole number or a text of up to 100 characters"
    raise RequestError("request", "id is wrong", limit)


def answer(request_id: Any, result: dict[str, Any]) -> dict[str, Any]:
    """Return the message that answers a request which was carried out."""
    return {"id": request_id, "ok": True, "result": result}


def failure(request_id: Any, error: Exception) -> dict[str, Any]:
    """Return the answer to a request that failed. A UserError's text is `what; remedy`."""
    if isinstance(error, RequestError):
        code, text, remedy = error.code, error.error, error.remedy
    elif isinstance(error, UserError):
        text, _, remedy = str(error).partition("; ")
        code = "refused"
    else:
        code, text = "internal", f"{type(error).__name__}: {error}"
        remedy = "this is a bug; the engine's log has more (journalctl -u ddsp-edge)"
    return {
        "id": request_id,
        "ok": False,
        "code": code,
        "error": " ".join(text.split()),
        "remedy": " ".join(remedy.split()),
    }
