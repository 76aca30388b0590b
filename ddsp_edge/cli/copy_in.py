"""``ddsp-edge copy-in FOLDER``: models and presets from a folder or a USB stick onto this box."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddsp_edge.cli.ask import add_engine_parser, show

if TYPE_CHECKING:
    from ddsp_edge.remote.folder_import import Copied


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge copy-in FOLDER` with its options."""
    line = "copy the models and presets of a folder or a USB stick onto this box"
    parser = add_engine_parser(subparsers, "copy-in", line)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where they are")
    parser.add_argument(
        "--replace", action="store_true", help="replace presets of the same name that differ"
    )
    parser.add_argument(
        "--allow-downgrade", action="store_true", help="install models older than the box had"
    )
    parser.add_argument(
        "--show", action="store_true", help="show the outcome on the panel and the display too"
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="the deploy.toml that says what is allowed"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Copy them; return 1 where a file was refused, else 0. Raises UserError."""
    from ddsp_edge.api.client import ControlClient, NoEngine
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote.folder_import import import_folder, summary
    from ddsp_edge.remote.policy import load_policy

    policy = load_policy(args.policy)
    with ControlClient(args.socket or policy.socket) as client:
        try:
            client.call("hello")
            engine: ControlClient | None = client
        except NoEngine:
            engine = None
        try:
            outcomes = import_folder(
                args.folder, policy, engine, args.replace, args.allow_downgrade
            )
            text = summary(outcomes)
        except UserError as error:
            if args.show and engine is not None:
                engine.call("notice", text=f"USB stick: {error}")
            raise
        if args.show and engine is not None:
            engine.call("notice", text=f"USB stick: {text}")
    rows = [f"{each.result:<13} {each.kind:<6} {_line(each)}" for each in outcomes]
    result = {"files": [asdict(each) for each in outcomes], "summary": text}
    show(args, result, "\n".join([*rows, text]))
    return int(any(each.result == "refused" for each in outcomes))


def _line(outcome: Copied) -> str:
    """The file and what it became; a refusal begins with the file itself."""
    refused = outcome.result == "refused"
    return outcome.detail if refused else f"{outcome.file} ({outcome.detail})"
