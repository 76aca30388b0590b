"""``ddsp-edge panic``: silence every note at once."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge panic` with its options."""
    parser = add_engine_parser(subparsers, "panic", "silence at once: every note, every tail")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask the engine for silence. Raises UserError."""
    return show(args, ask(args, "panic"), "silent")
