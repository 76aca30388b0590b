"""``ddsp-edge model [NAME|PATH]``: what plays, or what is to play."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.library import SUFFIXES


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge model [NAME|PATH] [--source effect|synth]`."""
    line = "play a model, cross-faded; without a name, say which one plays"
    parser = add_engine_parser(subparsers, "model", line)
    parser.add_argument("model", nargs="?", metavar="NAME|PATH", help="see: models list")
    parser.add_argument("--source", choices=("effect", "synth"), help="default: as it is")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises UserError."""
    if args.model is None and args.source is None:
        result = ask(args, "status")
    elif args.model and (os.sep in args.model or Path(args.model).suffix in SUFFIXES):
        path = str(Path(args.model).absolute())  # the engine works in another folder
        result = ask(args, "model", path=path, source=args.source)
    else:
        result = ask(args, "model", name=args.model, source=args.source)
    return show(args, result, f"{result['model']} ({result['source']})")
