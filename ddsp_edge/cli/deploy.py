"""``ddsp-edge deploy BUNDLE HOST…``: a model onto devices, while they play."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddsp_edge.cli.progress import ProgressBar

if TYPE_CHECKING:
    from ddsp_edge.remote.deploy import Outcome, Parcel


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge deploy BUNDLE HOST…` with its options."""
    parser = subparsers.add_parser(
        "deploy",
        help="put a model onto devices over ssh, while they play",
        description="Uploads, checks and tries the model on each device, puts it in place in one "
        "step and cross-fades to it. If the connection breaks, the device keeps its old model; run "
        "the same command again.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="file of the model")
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="[USER@]HOST[:PORT], as for ssh")
    parser.add_argument(
        "--activate",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="play the model at once (default)",
    )
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the model with this ssh key first"
    )
    parser.add_argument(
        "--allow-downgrade", action="store_true", help="also replace a newer version"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="name of the model on the device (default: its own)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Deploy to every host; return 0, or 1 where a host failed. Raises UserError."""
    from ddsp_edge.remote import signing
    from ddsp_edge.remote.connection import DeviceConnection
    from ddsp_edge.remote.deploy import deploy, on_each, pack

    if args.sign:
        signing.sign(args.bundle, args.sign)
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as scratch:
        parcel = pack(args.bundle, Path(scratch))
    progress = ProgressBar(len(args.hosts) * len(parcel.data), "B", quiet=args.json, scale=True)

    def work(connection: DeviceConnection) -> dict[str, Any]:
        return deploy(
            parcel,
            connection,
            args.activate,
            args.allow_downgrade,
            lambda step: progress.note(f"{connection.host}: {step}"),
            progress.update,
            args.name,
        )

    with progress:
        outcomes = on_each(args.hosts, work)
    if args.json:
        print(json.dumps([o.as_json() for o in outcomes], indent=2))
    else:
        for outcome in outcomes:
            print(_line(parcel, outcome), file=sys.stdout if outcome.answer else sys.stderr)
    return 0 if all(o.answer for o in outcomes) else 1


def _line(parcel: Parcel, outcome: Outcome) -> str:
    """Return the line on one host: what is where, after how long, and what plays."""
    answer = outcome.answer
    if answer is None:
        return f"failed: {outcome.error}"
    name = parcel.bundle.info.name
    what = f"{name} is on" if answer.get("news") else f"{name} was already on"
    line = f"{what} {outcome.host} after {answer.get('seconds', 0):.1f} s"
    if answer.get("signer"):
        line += f", signed by {answer['signer']}"
    if answer.get("plays"):
        return f"{line}; {answer['plays']} plays now"
    return f"{line}; {answer['note']}" if answer.get("note") else line
