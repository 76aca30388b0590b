"""What the commands share that talk to the engine which plays."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.verbs import VERBS

#: Some verbs are answered when they are done: loading a model, listening for autofit.
WAITS_S = 90.0


def add_engine_parser(subparsers: argparse._SubParsersAction[Any], name: str, line: str) -> Any:
    """Add a command that asks the engine, with the options --json and --socket."""
    parser = subparsers.add_parser(name, help=line, description=line[0].upper() + line[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help="the engine's control socket (default: $DDSP_EDGE_SOCKET, else the service's)",
    )
    return parser


def ask(args: argparse.Namespace, verb: str, **arguments: Any) -> dict[str, Any]:
    """Ask the engine and return its answer. Raises NoEngine or RequestError (UserErrors)."""
    with ControlClient(args.socket) as engine:
        timeout_s = WAITS_S if VERBS[verb].waits else None
        return engine.call(verb, timeout_s=timeout_s, **arguments)


def show(args: argparse.Namespace, result: dict[str, Any], text: str) -> int:
    """Print the result for programs or for people; return the exit code 0."""
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


def switch(text: str) -> bool:
    """Convert ``on`` or ``off`` to a bool, for argparse."""
    if text not in ("on", "off"):
        raise argparse.ArgumentTypeError(f"{text!r}: write on or off")
    return text == "on"
