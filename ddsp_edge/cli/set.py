"""``ddsp-edge set KEY=VALUE …``: turn the knobs of the engine that plays."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.errors import UserError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge set [KEY=VALUE ...]` with its options."""
    line = "change settings of the running engine; without any, show them"
    parser = add_engine_parser(subparsers, "set", line)
    parser.add_argument("values", nargs="*", metavar="KEY=VALUE", help="for instance mix=0.5")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or change settings of the engine. Raises UserError."""
    if not args.values:
        result = ask(args, "settings")
        rows = [
            f"{name:<16} {row['value']!s:<10} {row['range']:<26} {row['doc']}"
            for name, row in result["settings"].items()
        ]
        return show(args, result, "\n".join(rows))
    values = {}
    for text in args.values:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"set {text!r}: write it as KEY=VALUE, for instance mix=0.5")
        values[key.strip()] = value.strip()
    result = ask(args, "set", values=values)
    return show(args, result, "  ".join(f"{k}={v}" for k, v in result["values"].items()))
