"""The file in which the panel stores its pairing code for the box's own display."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited

ENVIRONMENT = "DDSP_EDGE_PANEL_CODE"
SERVICE_FILE = Path("/run/ddsp-edge-panel/code.json")
MAX_BYTES = 4096
#: So long after a browser has asked for it the code is shown without being asked for.
ASKED_S = 120.0


def code_file() -> Path:
    """Return the path: $DDSP_EDGE_PANEL_CODE, else the service's, else the user's own."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    if given := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(given.split(":")[0]) / SERVICE_FILE.name
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not SERVICE_FILE.parent.exists():
        return Path(runtime) / "ddsp-edge" / "panel-code.json"
    return SERVICE_FILE


def code_json(code: str, valid_s: float, asked: float = 0.0) -> bytes:
    """What the file holds: the code, until when it is valid, and when a browser last asked for it
    (seconds since 1970; 0: none has)."""
    until = round(time.time() + valid_s)
    return json.dumps({"code": code, "until": until, "asked": round(asked)}).encode() + b"\n"


def read_code(path: Path | None = None) -> tuple[str, float]:
    """Return the code and its remaining seconds. Raises UserError where no panel is running."""
    path = path or code_file()
    try:
        there = path.exists()
    except PermissionError:
        raise UserError(f"{path}: may not be read; use: sudo ddsp-edge panel-code") from None
    if not there:
        raise UserError(
            f"no panel is running here ({path}); start it with: systemctl start ddsp-edge-panel "
            "(or: ddsp-edge-panel)"
        )
    try:
        data = json.loads(read_limited(path, MAX_BYTES))
        code, left_s = str(data["code"]), float(data["until"]) - time.time()
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: holds no pairing code; restart ddsp-edge-panel") from None
    if left_s <= 0.0:
        raise UserError(
            "the code has expired; is the panel running? systemctl status ddsp-edge-panel"
        )
    return code, left_s


def asked_code(path: Path | None = None) -> str | None:
    """The code, where a browser has asked for it in the last ASKED_S; for displays on the box.

    None also where there is no panel, or who calls may not read its file.
    """
    path = path or code_file()
    try:
        data = json.loads(read_limited(path, MAX_BYTES))
        now_s, asked_s = time.time(), float(data.get("asked", 0.0))
        if 0.0 <= now_s - asked_s < ASKED_S and now_s < float(data["until"]):
            return str(data["code"])
    except (UserError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None
