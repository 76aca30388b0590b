"""``ddsp-edge stats``: counters and timing of every stage of the engine that plays."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge stats` with its options."""
    parser = add_engine_parser(
        subparsers, "stats", "show counters and timing of every stage of the engine"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the engine's counters and timings. Raises UserError."""
    result = ask(args, "stats")
    return show(args, result, "\n".join(_lines("", result)))


def _lines(prefix: str, value: Any) -> list[str]:
    """Return the figures, one a line, as ``stream.xruns  0``."""
    if not isinstance(value, dict):
        shown = " ".join(map(str, value)) if isinstance(value, list) else value
        return [f"{prefix:<28} {shown}"]
    return [
        line
        for key, each in value.items()
        for line in _lines(f"{prefix}.{key}" if prefix else key, each)
    ]
