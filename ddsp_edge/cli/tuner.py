"""``ddsp-edge tuner``: the note and how far it is off, until Ctrl-C; or ``tuner on|off``.

It is the box's own display: when a phone asks for the panel's code, it shows that too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.pairing_code import asked_code
from ddsp_edge.cli.ask import add_engine_parser, ask, show, switch
from ddsp_edge.errors import UserError

RATE_HZ = 10.0
CODE_S = 1.0  #: between looks for a pairing code
WIDTH = 10  #: characters on either side of the needle's middle, 5 cents each


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge tuner [on|off]` with its options."""
    parser = add_engine_parser(subparsers, "tuner", "mute and show the note until Ctrl-C")
    parser.add_argument(
        "on", nargs="?", type=switch, metavar="on|off", help="switch the tuner on or off and return"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the tuner until Ctrl-C, or switch it. Raises UserError."""
    if args.on is not None:
        result = ask(args, "tuner", on=args.on)
        return show(args, result, f"tuner {'on' if result['tuner'] else 'off'}")
    with ControlClient(args.socket) as engine:
        engine.call("tuner", on=True)
        try:
            engine.call("subscribe", rate_hz=RATE_HZ)
            code, looked_s = None, -CODE_S
            for event in engine.events():
                if event["event"] != "meters":
                    continue
                if time.monotonic() - looked_s >= CODE_S:
                    # From a file of this machine alone: nobody else's tuner shows it.
                    code, looked_s = asked_code(), time.monotonic()
                _print(event, args.json, code)
        finally:
            with contextlib.suppress(UserError):  # it has gone: nothing is left to switch off
                engine.call("tuner", on=False)
    return 0


def _print(meters: dict[str, Any], as_json: bool, code: str | None) -> None:
    if as_json:
        reading = {name: meters[name] for name in ("note", "cents", "f0_hz", "steady")}
        if code is not None:
            reading["panel_code"] = code
        print(json.dumps(reading), flush=True)
        return
    line = tuner_line(meters["note"], meters["cents"], code)
    # On a terminal over the last one, to its end: that one may have been longer.
    sys.stdout.write(f"\r{line}\x1b[K" if sys.stdout.isatty() else f"{line}\n")
    sys.stdout.flush()


def tuner_line(note: str | None, cents: float | None, code: str | None = None) -> str:
    """``A4   -12.3  [       |  ]``, and behind it the code that a phone is to be told."""
    return _needle(note, cents) + (f"  panel code {code}" if code else "")


def _needle(note: str | None, cents: float | None) -> str:
    needle = [" "] * (2 * WIDTH + 1)
    needle[WIDTH] = ":"
    if note is None or cents is None:
        return f"{'-':<4} {'':>6}  [{''.join(needle)}]"
    needle[WIDTH + max(-WIDTH, min(WIDTH, round(cents / 5)))] = "|"
    return f"{note:<4} {cents:+6.1f}  [{''.join(needle)}]"
