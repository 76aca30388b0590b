"""``ddsp-edge panel-code``: the code that lets a phone use the panel."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.pairing_code import read_code
from ddsp_edge.errors import UserError

UNLOCK_S = 5.0  #: for which the panel's new code is waited for


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge panel-code [--unlock]` with its options."""
    parser = subparsers.add_parser(
        "panel-code",
        help="show the code that pairs a phone with the panel",
        description="The code that the panel asks a new phone for (docs/panel.md).",
    )
    parser.add_argument(
        "--unlock",
        action="store_true",
        help="make a new code and let every address try it, after too many wrong ones",
    )
    parser.add_argument(
        "--socket", metavar="PATH", help="the engine's control socket, for --unlock"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the pairing code of the panel. Raises UserError."""
    code, valid_s = _unlocked(args.socket) if args.unlock else read_code()
    if args.json:
        print(json.dumps({"code": code, "valid_s": round(valid_s)}))
    else:
        print(f"{code}  (for {valid_s / 60:.0f} min, once)")
    return 0


def _unlocked(socket_path: str | None) -> tuple[str, float]:
    """Wait for the panel's new code and return it. Raises UserError."""
    before, _ = read_code()
    with ControlClient(socket_path) as engine:
        engine.call("pairing_unlock")
    ends = time.monotonic() + UNLOCK_S
    while time.monotonic() < ends:
        code, valid_s = read_code()
        if code != before:
            return code, valid_s
        time.sleep(0.05)
    raise UserError(
        "the panel does not answer the engine; restart it, which unlocks it too: "
        "systemctl restart ddsp-edge-panel"
    )
