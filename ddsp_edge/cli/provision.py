"""``ddsp-edge provision HOST``: a fresh board made ready over ssh."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge provision HOST […]` with its options."""
    parser = subparsers.add_parser(
        "provision",
        help="set up a fresh board over ssh",
        description="Packages, user, program, service, limits, the board's profile; at the end "
        "`doctor` on the device. A second run changes nothing. Many boards: deploy/ansible.",
    )
    parser.add_argument(
        "host",
        metavar="HOST",
        help="[USER@]HOST[:PORT] as for ssh; the user is root or may use sudo",
    )
    parser.add_argument(
        "--board", help="profile in deploy/boards (default: the board says what it is)"
    )
    parser.add_argument("--hat", help="audio hardware, a profile in deploy/hats")
    parser.add_argument(
        "--as",
        dest="use",
        choices=("pedal", "module", "both"),
        help="follow the audio input, MIDI notes, or whichever is played (default: both)",
    )
    parser.add_argument(
        "--panel",
        choices=("all", "box"),
        help="where the panel is served: on every network, or on the board itself only (default)",
    )
    parser.add_argument(
        "--wheelhouse",
        type=Path,
        metavar="DIR",
        help="folder of wheels to install from, without a network",
    )
    extras = "extras of the package to install (default: live,pedal,panel)"
    parser.add_argument("--extras", metavar="LIST", help=extras)
    parser.add_argument("--login", metavar="USER", help="user who may deploy models to the board")
    parser.add_argument(
        "--read-only-root",
        action="store_true",
        help="make the root file system read-only from the next start on",
    )
    parser.add_argument(
        "--no-start",
        action="store_true",
        help="install and enable the service, but do not start it",
    )
    parser.add_argument("--uninstall", action="store_true", help="remove ddsp-edge from the board")
    parser.add_argument(
        "--keep", action="store_true", help="with --uninstall: keep models and presets"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Provision the host; return the exit code of install.sh. Raises UserError."""
    from ddsp_edge.remote.provision import provision

    words = []
    for name in ("board", "hat", "panel", "extras", "login"):
        if value := getattr(args, name):
            words += [f"--{name}", value]
    if args.use:
        words += ["--as", args.use]
    for name in ("read_only_root", "no_start", "uninstall", "keep"):
        if getattr(args, name):
            words.append("--" + name.replace("_", "-"))
    return provision(args.host, words, args.wheelhouse)
