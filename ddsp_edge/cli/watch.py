"""``ddsp-edge watch``: the engine's events as lines of JSON, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.cli.ask import add_engine_parser


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge watch [--rate HZ]` with its options."""
    parser = add_engine_parser(
        subparsers, "watch", "print the engine's events as lines of JSON until Ctrl-C"
    )
    parser.add_argument(
        "--rate", type=float, default=0.0, metavar="HZ", help="rate of level meters, 0 for none"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print events until Ctrl-C. Raises UserError where the engine ends."""
    with ControlClient(args.socket) as engine:
        engine.call("subscribe", rate_hz=args.rate)
        for event in engine.events():
            print(json.dumps(event), flush=True)
    return 0
