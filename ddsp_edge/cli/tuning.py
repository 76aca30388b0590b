"""``ddsp-edge tuning [FILE.scl [FILE.kbm] | --off]``: how the keys of the box are tuned."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.errors import UserError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge tuning [FILE.scl [FILE.kbm]] [--off]`."""
    line = "tune the keys by a Scala scale, or show the tuning"
    parser = add_engine_parser(subparsers, "tuning", line)
    parser.add_argument("scale", nargs="?", type=Path, metavar="FILE.scl", help="Scala scale")
    parser.add_argument(
        "keyboard_map",
        nargs="?",
        type=Path,
        metavar="FILE.kbm",
        help="its keyboard map (default: key 60 is the scale's first note)",
    )
    parser.add_argument(
        "--off", action="store_true", help="tune as the config says ([midi] scale), or equally"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or change the tuning. Raises UserError."""
    if args.scale is None and not args.off:
        result = ask(args, "status")
    elif args.off:
        if args.scale is not None:
            raise UserError("--off: leave the scale out")
        result = ask(args, "tuning")
    else:
        from ddsp_edge.presets.tuning import read_tuning

        # The texts are sent: the box may be another machine, and its service reads no homes.
        result = ask(args, "tuning", **read_tuning(args.scale, args.keyboard_map).as_dict())
    tuned = result["tuning"] or "as the config says ([midi] scale), or equally"
    return show(args, {"tuning": result["tuning"]}, f"tuned: {tuned}")
