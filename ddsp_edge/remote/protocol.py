"""What the sender and ``ddsp-edge receive`` say to each other over ssh: JSON lines.

A request is one line, {"do": VERB, …}; for ``put`` the bundle's bytes follow it at once. The
answer is any number of {"event": …} lines and one {"ok": true | false, …} line.
"""

from __future__ import annotations

import json
import re
from io import RawIOBase
from typing import IO, Any

from ddsp_edge.errors import UserError

VERSION = 1
MAX_LINE = 256 * 1024
MAX_LOG_LINES = 1000
#: How the messages of :func:`write_line` begin that come from a device.
_ANSWER = re.compile(rb'\{"(ok|event)":')


def read_line(stream: IO[bytes] | RawIOBase) -> dict[str, Any] | None:
    """Return the next message, None at the end. Raises UserError for anything else."""
    line = stream.readline(MAX_LINE + 1)
    return _message(line) if line else None


def read_answer(stream: IO[bytes]) -> dict[str, Any] | None:
    """As :func:`read_line`, but what a shell prints before the message in its line is skipped.

    Raises UserError for a line without an answer or an event.
    """
    line = stream.readline(MAX_LINE + 1)
    if not line:
        return None
    begin = _ANSWER.search(line)
    message = _message(line[begin.start() :] if begin else line)
    if not {"ok", "event"} & message.keys():
        raise UserError(f"this is no answer of ddsp-edge: {line[:80]!r}")
    return message


def _message(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        raise UserError("a message was cut off")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise UserError(f"this is no message of ddsp-edge: {line[:80]!r}") from None
    if not isinstance(message, dict):
        raise UserError(f"this is no message of ddsp-edge: {line[:80]!r}")
    return message


def write_line(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Write one message as a line and flush it."""
    stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    stream.flush()


def write_request(stream: IO[bytes], verb: str, arguments: dict[str, Any]) -> None:
    """Write a request as a line and flush it; arguments that are None are left out."""
    given = {key: value for key, value in arguments.items() if value is not None}
    write_line(stream, {"do": verb, **given})
