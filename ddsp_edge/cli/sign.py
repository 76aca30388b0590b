"""``ddsp-edge sign BUNDLE --key KEY``: a signature beside the file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

KEYS = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge sign BUNDLE [--key KEY]` with its options."""
    parser = subparsers.add_parser("sign", help="sign a model with your ssh key")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a model's file")
    parser.add_argument(
        "--key", type=Path, metavar="KEY", help="private key (default: the one in ~/.ssh)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign the model with an ssh key. Raises UserError."""
    from ddsp_edge.bundles.bundle import read_bundle
    from ddsp_edge.errors import UserError
    from ddsp_edge.remote import signing

    read_bundle(args.bundle)  # nobody signs what is broken
    key = args.key
    if key is None:
        key = next((p for p in (Path.home() / ".ssh" / k for k in KEYS) if p.is_file()), None)
        if key is None:
            raise UserError("no key in ~/.ssh; make one (ssh-keygen -t ed25519) or give --key")
    print(f"signed with {key}: {signing.sign(args.bundle, key)}")
    return 0
