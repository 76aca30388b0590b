"""ddsp-edge doctor: what is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from ddsp_edge.cli.doctor_checks import examine

#: Group to its headline; "device" decides the exit code.
GROUPS = {
    "device": "To play (must all be there)",
    "runtime": "TFLite runtimes (one is enough)",
    "files": "To read every kind of file",
    "models": "Models that cannot be used",
    "picture": "For --picture",
    "train": "To train models",
    "live": "To play live: MIDI ports and sound cards",
    "pedal": "At the feet: pins, and USB pedals that are keyboards",
    "display": "For a display of its own on the box (docs/display.md)",
    "sound": "To hear it here",
    "build": "To build the kernel from source",
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge doctor [--json]` with its options."""
    parser = subparsers.add_parser(
        "doctor", help="check the installation: what is missing and how to fix it"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 0 where everything that playing needs is present, else 1."""
    findings = examine()
    ready = all(finding.ok for finding in findings if finding.group == "device")
    if args.json:
        print(json.dumps({"ok": ready, "findings": [asdict(f) for f in findings]}, indent=2))
        return 0 if ready else 1
    for group, headline in GROUPS.items():
        rows = [finding for finding in findings if finding.group == group]
        if rows:
            print(headline)
        for row in rows:
            print(f"  {'ok' if row.ok else '--':<3} {row.name:<18} {row.detail}")
            if not row.ok:
                print(f"      fix: {row.remedy}")
    print("Ready to play." if ready else "Not ready to play: see the lines marked -- above.")
    return 0 if ready else 1
