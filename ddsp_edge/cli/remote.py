"""``ddsp-edge remote ACTION HOST…``: the models and the engine of devices."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from ddsp_edge.cli.deploy import add_lv2_options

if TYPE_CHECKING:
    from ddsp_edge.remote.deploy import Outcome

#: Action to (what it does, whether it names a model).
ACTIONS = {
    "list": ("the models on each device", False),
    "info": ("one model: data, licence, range, card", True),
    "activate": ("play a model that is there", True),
    "rollback": ("the version before comes back, and plays", True),
    "remove": ("remove a model and its older versions", True),
    "status": ("what the engine does", False),
    "logs": ("the last lines of the engine's log", False),
}
#: What can be done on boxes that run another host, too.
LV2_ACTIONS = ("list", "remove")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge remote list|info|activate|rollback|remove|status|logs …`."""
    parser = subparsers.add_parser(
        "remote", help="manage the models and the engine of devices over ssh"
    )
    actions = parser.add_subparsers(required=True, metavar=" | ".join(ACTIONS), dest="action")
    for name, (line, names_model) in ACTIONS.items():
        action = actions.add_parser(name, help=line, description=line)
        if names_model:
            action.add_argument("model", metavar="NAME", help="a name that `remote list` shows")
        action.add_argument(
            "hosts", nargs="+", metavar="HOST", help="[USER@]HOST[:PORT], as for ssh"
        )
        action.add_argument("--json", action="store_true", help="print JSON for programs")
        if name in LV2_ACTIONS:
            add_lv2_options(action)
        if name == "logs":
            action.add_argument(
                "--lines", type=int, default=50, help="lines of the log to show (default: 50)"
            )
        action.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry out the action on every host; return 0, or 1 where one failed. Raises UserError."""
    from ddsp_edge.remote.deploy import on_each

    if getattr(args, "lv2", False) or getattr(args, "lv2_folder", None) is not None:
        return _on_lv2_boxes(args)
    arguments: dict[str, Any] = {"name": getattr(args, "model", None)}
    arguments |= {"lines": getattr(args, "lines", None)}
    if args.action == "rollback":
        arguments["activate"] = True
    outcomes = on_each(args.hosts, lambda connection: connection.call(args.action, **arguments))
    if args.json:
        print(json.dumps([o.as_json() for o in outcomes], indent=2))
    else:
        for outcome in outcomes:
            _show(args.action, outcome, len(outcomes) > 1)
    return 0 if all(o.answer for o in outcomes) else 1


def _on_lv2_boxes(args: argparse.Namespace) -> int:
    from ddsp_edge.remote import lv2_boxes
    from ddsp_edge.remote.deploy import on_each_host

    folder = args.lv2_folder or ""
    if args.action == "remove":
        lv2_boxes.check_name(args.model)

    def work(host: str, batch: bool) -> dict[str, Any]:
        if args.action == "remove":
            return lv2_boxes.remove(host, folder, args.model, batch)
        return lv2_boxes.listed(host, folder, batch)

    outcomes = on_each_host(args.hosts, work)
    if args.json:
        print(json.dumps([o.as_json() for o in outcomes], indent=2))
        return 0 if all(o.answer for o in outcomes) else 1
    for outcome in outcomes:
        if (answer := outcome.answer) is None:
            print(f"failed: {outcome.error}", file=sys.stderr)
            continue
        where = f"{outcome.host} ({answer['host_kind']}), {answer.get('folder')}"
        if args.action == "remove":
            print(f"{args.model} removed from {where}; {answer['then']}")
            continue
        rows = [row["name"] + ("" if row["whole"] else " (damaged)") for row in answer["models"]]
        print(f"{where}: {', '.join(rows) or 'no models of ours'}")
    return 0 if all(o.answer for o in outcomes) else 1


def _show(action: str, outcome: Outcome, several: bool) -> None:
    answer = outcome.answer
    if answer is None:
        print(f"failed: {outcome.error}", file=sys.stderr)
        return
    lines = _lines(action, answer)
    print("\n".join(f"{outcome.host}: {line}" if several else line for line in lines))


def _lines(action: str, answer: dict[str, Any]) -> list[str]:
    if action == "list":
        return [_model(row) for row in answer["models"]] or ["no models of its own"]
    if action == "info":
        return [_model(answer), "", *str(answer["card"]).splitlines()]
    if action == "logs":
        return [str(line) for line in answer["lines"]]
    if action == "status":
        engine = answer.get("engine")
        if engine is None:
            return [str(answer.get("note"))]
        return [f"{key}: {json.dumps(value)}" for key, value in engine.items()]
    if action == "remove":
        return [f"{answer['name']} is removed"]
    line = f"{answer['name']} is back" if action == "rollback" else str(answer["name"])
    if answer.get("plays"):
        return [f"{line}; {answer['plays']} plays now"]
    return [f"{line}; {answer['note']}" if answer.get("note") else line]


def _model(row: dict[str, Any]) -> str:
    if not row["ok"]:
        return f"{row['name']:<16} cannot be used: {row['problem']}"
    info = row["metadata"]
    return (
        f"{row['name']:<16} {info['name']}, made {info['export_time']}, {row['versions']} older, "
        f"{row['sha256'][:12]}"
    )
