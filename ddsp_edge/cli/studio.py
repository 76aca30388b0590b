"""``ddsp-edge studio``: make an instrument in the browser, on this computer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError

PORT = 8088


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge studio [FOLDER]` with its options."""
    parser = subparsers.add_parser(
        "studio",
        help="make an instrument in the browser: record, train, hear, send to a box",
        description="Serves a page on this computer: drop or record recordings, see the report on "
        "them, train, listen, and send the instrument to a box (docs/studio.md). Everything is in "
        "FOLDER, as `ddsp-edge train` would put it there, and either goes on with what the other "
        "began.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="where recordings, run folders and instruments are (default: this folder)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to serve on; any but this computer's own is plain http, which others in the "
        "network can read (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="0: one that is free (default: %(default)s)"
    )
    parser.add_argument(
        "--browser",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open the page in the browser (default)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve the studio until Ctrl-C. Raises UserError where it cannot be served."""
    if not args.folder.is_dir():
        raise UserError(f"{args.folder}: no such folder; make it first")
    try:
        from ddsp_edge.studio.serve import serve_studio
    except ImportError as error:
        raise UserError(
            f"the studio needs {error.name}, which is missing; install it with: "
            "pip install 'ddsp-edge[train]'"
        ) from None
    serve_studio(args.folder, args.host, args.port, args.browser)
    return 0
