"""``ddsp-edge learn SETTING``: maps the pedal, knob or switch that is moved next."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.errors import UserError

ENDS = ("learned", "cancelled", "timeout", "failed")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge learn [SETTING | --do ACTION | --list | --remove CONTROL]`."""
    line = "map the control that you move next"
    parser = add_engine_parser(subparsers, "learn", line)
    parser.add_argument(
        "set", nargs="?", metavar="SETTING", help="the setting to control: morph, mix, ..."
    )
    parser.add_argument(
        "--do", metavar="ACTION", help="the action to trigger instead: bypass, preset_next, ..."
    )
    parser.add_argument("--low", type=float, metavar="N", help="low end of the range")
    parser.add_argument("--high", type=float, metavar="N", help="high end of the range")
    parser.add_argument(
        "--keep",
        choices=("device", "preset"),
        help="store the mapping for the device or in the preset (default: device)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="also accept a control that has a mapping"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="seconds to wait for the control, 1 to 120"
    )
    parser.add_argument("--list", action="store_true", help="show all mappings")
    parser.add_argument(
        "--remove", metavar="CONTROL", help="remove the mappings of a control, for instance 'cc 11'"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Learn the next control that moves, or list or remove mappings. Raises UserError."""
    if args.list or args.remove is not None:
        if args.remove is not None:
            result = ask(args, "mapping_remove", control=args.remove)
        else:
            result = ask(args, "mappings")
        return show(args, result, _table(result["mappings"]))
    given = ("set", "low", "high", "keep", "replace", "seconds")
    with ControlClient(args.socket) as engine:
        engine.call("subscribe", rate_hz=0)
        engine.call("learn", action=args.do, **{name: getattr(args, name) for name in given})
        if not args.json:
            print("move it now", file=sys.stderr)
        for event in engine.events():
            if event["event"] != "learn" or event["state"] == "listening":
                continue
            if event["state"] in ENDS:
                break
            print(event["text"], file=sys.stderr)
    if event["state"] != "learned":
        raise UserError(f"nothing was learned: {event['text'] or event['state']}")
    print(json.dumps(event["mapping"], indent=2) if args.json else event["text"])
    return 0


def _table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        range_ = "  {:g} to {:g}".format(*row["range"]) if row["range"] else ""
        hidden = "" if row["active"] else ", hidden"
        lines.append(
            f"{row['control']:<24} {row['set'] or row['do']}{range_}  ({row['kept']}{hidden})"
        )
    return "\n".join(lines) or "no control is mapped; see: ddsp-edge learn --help"
