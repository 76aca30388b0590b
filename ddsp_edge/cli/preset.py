"""``ddsp-edge preset list | play | next | previous | save | rename | remove | order``."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show

#: Action to its verb, its line of help and its arguments.
ACTIONS: dict[str, tuple[str, str, dict[str, dict[str, Any]]]] = {
    "list": ("presets", "the presets in their order", {}),
    "play": ("preset", "play a preset, cross-faded", {"name": {}}),
    "next": ("preset_next", "play the next one", {}),
    "previous": ("preset_previous", "play the one before", {}),
    "save": (
        "preset_save",
        "keep what plays now (default: under its name)",
        {"name": {"nargs": "?"}},
    ),
    "rename": ("preset_rename", "give a preset another name", {"name": {}, "to": {}}),
    "remove": ("preset_remove", "remove a preset", {"name": {}}),
    "order": ("preset_order", "put these first, in this order", {"names": {"nargs": "+"}}),
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge preset ACTION ...` with its options."""
    parser = subparsers.add_parser("preset", help="list, play, save or order presets")
    actions = parser.add_subparsers(required=True, metavar=" | ".join(ACTIONS))
    for action, (verb, line, arguments) in ACTIONS.items():
        each = add_engine_parser(actions, action, line)
        for name, options in arguments.items():
            each.add_argument(name, metavar=name.upper(), **options)
        each.set_defaults(run=run, verb=verb, given=tuple(arguments))


def run(args: argparse.Namespace) -> int:
    """Carry out the chosen action on presets. Raises UserError."""
    result = ask(args, args.verb, **{name: getattr(args, name) for name in args.given})
    if "presets" not in result:
        return show(args, result, f"{result['preset']}: {result['model']} ({result['source']})")
    rows = [
        f"{'>' if row['name'] == result['preset'] else ' '} {row['name']:<24} "
        + (row["problem"] or f"{row['model']} ({row['source']})")
        for row in result["presets"]
    ]
    return show(args, result, "\n".join(rows) or "no presets; keep one with: preset save NAME")
