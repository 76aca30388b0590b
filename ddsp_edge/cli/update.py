"""``ddsp-edge update HOST [FILE]``: another version of a box's whole system."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ddsp_edge.cli.progress import ProgressBar


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge update HOST [FILE]` with its options."""
    parser = subparsers.add_parser(
        "update",
        help="update the whole system of a box made from the card image, over ssh",
        description="Sends a signed update (`make update`), has the box check it and write it "
        "beside the system that runs, and restarts the box. A new system that does not play within "
        "two minutes is left, and the one before comes back. If the connection breaks, run the "
        "same command again: it goes on where it was. Without FILE: what runs there.",
    )
    parser.add_argument("host", metavar="HOST", help="[USER@]HOST[:PORT], as for ssh")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the .raucb file")
    parser.add_argument(
        "--restart",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="restart the box with it at once (default); else the next start tries it",
    )
    parser.add_argument(
        "--back", action="store_true", help="go back to the other system that is on the box"
    )
    parser.add_argument(
        "--allow-downgrade", action="store_true", help="also install an older version"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Update the box; return 0, or 1 where it went back. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote.connection import DeviceConnection
    from ddsp_edge.remote.update import look_at, send, wait_installed, wait_restarted

    if args.back and args.file is not None:
        raise UserError("--back: starts what is on the box; give no file with it")
    file = look_at(args.file) if args.file is not None else None
    progress = ProgressBar(file.size if file else 1, "B", quiet=args.json, scale=True)
    with progress:
        with DeviceConnection(args.host) as connection:
            state = connection.call("update_state")
            if file is None and not args.back:
                return _show(args, state, _line(args.host, state), 0)
            if not state["offered"]:
                from ddsp_edge.update.box import NO_SLOTS

                raise UserError(f"{args.host}: {NO_SLOTS}")
            before = str(state["slot"])
            if file is not None:
                send(file, connection, args.restart, args.allow_downgrade, progress.update)
            else:
                connection.call("update_back", restart=args.restart)
            try:
                state = wait_installed(connection, progress.note)
            except UserError:
                if args.restart:  # it may have gone down already
                    state = {**state, "stage": _stage(args.host)}
                if not args.restart or state["stage"] == "refused":
                    raise
        if args.restart:
            state = wait_restarted(
                lambda: DeviceConnection(args.host, batch=True), before, progress.note
            )
    if args.restart and state["slot"] == before:
        return _show(args, state, f"{args.host}: {state['text'] or 'it went back'}", 1)
    return _show(args, state, _line(args.host, state), 0)


def _stage(host: str) -> str:
    """Return how the update stands, asked over a new connection; "away" where none is to be had."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote.connection import DeviceConnection

    try:
        with DeviceConnection(host, batch=True) as connection:
            return str(connection.call("update_state")["stage"])
    except UserError:
        return "away"


def _show(args: argparse.Namespace, state: dict[str, Any], text: str, code: int) -> int:
    state = {key: value for key, value in state.items() if key != "ok"}
    print(json.dumps({"host": args.host, **state}, indent=2) if args.json else text)
    return code


def _line(host: str, state: dict[str, Any]) -> str:
    """Return what runs on the box, and what is to be said of an update, as one line."""
    if not state["offered"]:
        return f"{host} is updated with ddsp-edge provision: it was not made from the card image"
    line = f"{host} runs {state['version'] or 'an unknown version'}"
    if state["trial"]:
        line += ", on trial"
    return f"{line}; {state['text']}" if state["text"] else line
