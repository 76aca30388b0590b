"""``ddsp-edge panel-code``: the code that lets a phone use the panel."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ddsp_edge.api.pairing_code import read_code


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge panel-code`."""
    parser = subparsers.add_parser(
        "panel-code",
        help="the code that lets a phone use the panel",
        description="The code that the panel asks a new phone for (docs/panel.md).",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises UserError."""
    code, valid_s = read_code()
    if args.json:
        print(json.dumps({"code": code, "valid_s": round(valid_s)}))
    else:
        print(f"{code}  (for {valid_s / 60:.0f} min, once)")
    return 0
