"""``ddsp-edge deploy BUNDLE HOST…``: a model onto devices, while they play."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
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
    add_lv2_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def add_lv2_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--lv2`` and ``--lv2-folder``, as `deploy` and `remote` have them."""
    parser.add_argument(
        "--lv2",
        action="store_true",
        help="the hosts are boxes that run Zynthian, MOD, PiPedal or another LV2 host",
    )
    parser.add_argument(
        "--lv2-folder",
        metavar="FOLDER",
        help="where the box looks for LV2 plug-ins (default: by its kind); includes --lv2",
    )


def run(args: argparse.Namespace) -> int:
    """Deploy to every host; return 0, or 1 where a host failed. Raises UserError."""
    from ddsp_edge.remote import signing
    from ddsp_edge.remote.connection import DeviceConnection
    from ddsp_edge.remote.deploy import deploy, on_each, pack

    if args.lv2 or args.lv2_folder is not None:
        return _to_lv2_boxes(args)
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
    return _report(outcomes, args.json, lambda outcome: _line(parcel, outcome))


def _report(outcomes: Sequence[Outcome], as_json: bool, line: Callable[[Outcome], str]) -> int:
    """Print what came of each host, failures to the standard error; return the exit code."""
    if as_json:
        print(json.dumps([o.as_json() for o in outcomes], indent=2))
    else:
        for outcome in outcomes:
            print(line(outcome), file=sys.stdout if outcome.answer else sys.stderr)
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


def _to_lv2_boxes(args: argparse.Namespace) -> int:
    """Deploy to boxes that run another host: their LV2 folder. Raises UserError."""
    from ddsp_edge.bundles.bundle import read_bundle
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote.deploy import on_each_host
    from ddsp_edge.remote.lv2_boxes import model_folder, put

    if args.sign:
        raise UserError("--sign: such a box checks no signature; leave it out with --lv2")
    name = args.name or args.bundle.stem.lower()
    data = model_folder(read_bundle(args.bundle), name)
    folder = args.lv2_folder or ""
    outcomes = on_each_host(args.hosts, lambda host, batch: put(host, folder, name, data, batch))
    return _report(outcomes, args.json, lambda outcome: _lv2_line(name, outcome))


def _lv2_line(name: str, outcome: Outcome) -> str:
    answer = outcome.answer
    if answer is None:
        return f"failed: {outcome.error}"
    what = f"{name} {answer.get('news', 'put')} on {outcome.host} ({answer['host_kind']}), in"
    line = f"{what} {answer.get('folder')}; {answer['then']}"
    if "plugin" not in answer:
        line += "; the plug-in itself was not found there (docs/lv2.md)"
    return line
