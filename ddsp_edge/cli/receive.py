"""``ddsp-edge receive``: the device's end of deploy and remote, started by ssh."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge receive [--policy FILE]` with its options."""
    parser = subparsers.add_parser(
        "receive",
        help="take models and requests from an ssh connection (on the device)",
        description="Speaks JSON lines on stdin and stdout; ssh starts it, also as the forced "
        "command of a key that may do nothing else: see docs/deploy.md.",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="the deploy.toml that says what is allowed"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer requests; return 2 where the connection was cut off, else 0. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote.policy import load_policy
    from ddsp_edge.remote.protocol import write_line
    from ddsp_edge.remote.receive import DeploymentReceiver

    # The connection is gone: leave, and clean up on the way.
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(2))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        # Unbuffered: whether more of an upload comes can then be waited for.
        source = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
        receiver = DeploymentReceiver(load_policy(args.policy), source, sys.stdout.buffer)
    except UserError as error:  # the sender must read it too
        write_line(sys.stdout.buffer, {"ok": False, "error": str(error)})
        return 2
    return receiver.run()
