"""``ddsp-edge freeze [on|off]``: the sound stays as it is."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show, switch


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge freeze [on|off]` with its options."""
    parser = add_engine_parser(subparsers, "freeze", "hold the sound as it is")
    parser.add_argument(
        "on", nargs="?", type=switch, metavar="on|off", help="left out: change to the other state"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Switch the freeze and print its state. Raises UserError."""
    result = ask(args, "freeze", on=args.on)
    return show(args, result, f"freeze {'on' if result['freeze'] else 'off'}")
