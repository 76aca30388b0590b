"""``ddsp-edge autofit``: play for ten seconds, and the engine suits your range."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge autofit [--seconds N]` with its options."""
    line = "listen, then shift the player's range into the model's"
    parser = add_engine_parser(subparsers, "autofit", line)
    parser.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        metavar="N",
        help="seconds to listen for, 1 to 60 (default: 10)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask the engine to fit and print what it found. Raises UserError."""
    if not args.json:
        what = "low and high, soft and loud, with a pause of a second"
        print(f"play now, {what}: {args.seconds:g} s", file=sys.stderr)
    result = ask(args, "autofit", seconds=args.seconds)
    return show(args, result, "  ".join(f"{k}={v:g}" for k, v in result["values"].items()))
