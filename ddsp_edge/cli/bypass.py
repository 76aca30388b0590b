"""``ddsp-edge bypass [on|off]``: the input straight to the output."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show, switch


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge bypass [on|off]` with its options."""
    parser = add_engine_parser(subparsers, "bypass", "send the input straight to the output")
    parser.add_argument(
        "on", nargs="?", type=switch, metavar="on|off", help="left out: change to the other state"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Switch the bypass and print its state. Raises UserError."""
    result = ask(args, "bypass", on=args.on)
    return show(args, result, f"bypass {'on' if result['bypass'] else 'off'}")
