"""``ddsp-edge model [NAME|PATH]``: what plays, or what is to play."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.library.catalog import SUFFIXES


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge model [NAME|PATH] [--source auto|effect|synth] [--morph NAME|PATH]`."""
    line = "play a model, cross-faded; without a name, say which one plays"
    parser = add_engine_parser(subparsers, "model", line)
    parser.add_argument(
        "model",
        nargs="?",
        metavar="NAME|PATH",
        help="name (`ddsp-edge models list`) or file of a model",
    )
    parser.add_argument(
        "--source",
        choices=("auto", "effect", "synth"),
        help="what the model follows (default: unchanged)",
    )
    parser.add_argument(
        "--morph",
        metavar="NAME|PATH",
        help="second model, which the setting morph leads to; none removes it",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or change the model that plays. Raises UserError."""
    if args.model is not None or args.source is not None:
        result = ask(args, "model", **_named(args.model), source=args.source)
    if args.morph is not None:
        result = ask(args, "morph_model", **({} if args.morph == "none" else _named(args.morph)))
    if args.model is None and args.source is None and args.morph is None:
        result = ask(args, "status")
    other = f", morph to {result['morph_model']}" if result["morph_model"] else ""
    return show(args, result, f"{result['model']} ({result['source']}){other}")


def _named(model: str | None) -> dict[str, str | None]:
    if model and (os.sep in model or Path(model).suffix in SUFFIXES):
        return {"path": str(Path(model).absolute())}  # the engine works in another folder
    return {"name": model}
