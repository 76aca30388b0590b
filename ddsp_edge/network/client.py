"""Asking the network service (``python -m firmware_py.network``): one line of JSON, one answer."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError

ENVIRONMENT = "DDSP_EDGE_NETWORK"
SOCKET = Path("/run/ddsp-edge-network/network.sock")
ANSWER_S = 3.0
MOST_BYTES = 256 * 1024
ABSENT = "this box does not manage its networks; install NetworkManager and the network service"


def socket_path() -> Path:
    """Return where the service listens: $DDSP_EDGE_NETWORK, else the unit's own folder."""
    return Path(os.environ.get(ENVIRONMENT) or SOCKET)


def open_hotspot(path: Path | None = None) -> tuple[str, str] | None:
    """Return name and password of the box's hotspot while it is open; None while it is not, or
    where nothing manages the box's networks. Blocks as :func:`ask`; never raises."""
    try:
        hotspot = ask("state", path=path)["hotspot"]
        return (str(hotspot["name"]), str(hotspot["password"])) if hotspot["open"] else None
    except (UserError, KeyError, TypeError):
        return None


def ask(verb: str, *, path: Path | None = None, **arguments: Any) -> dict[str, Any]:
    """Return the service's answer to a verb (docs/network.md). Blocks for ANSWER_S at most; any
    thread.

    Raises UserError, `what; remedy`, where the service is not there or refuses.
    """
    line = json.dumps({**arguments, "do": verb}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(str(path or socket_path()))
            connection.sendall(line)
            data = b""
            while not data.endswith(b"\n"):
                part = connection.recv(65536)
                if not part or len(data) > MOST_BYTES:
                    break
                data += part
    except (FileNotFoundError, ConnectionRefusedError):
        raise UserError(ABSENT) from None
    except OSError as error:
        raise UserError(f"the network service does not answer ({error}); wait a moment") from None
    try:
        told = json.loads(data)
        if told["ok"] is True:
            return dict(told["result"])
        raise UserError(str(told["error"]))
    except (ValueError, KeyError, TypeError):
        raise UserError("the network service answers wrongly; restart ddsp-edge-network") from None
