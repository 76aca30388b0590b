"""``ddsp-edge control VERB [KEY=JSON …]``: any verb of the control socket, for scripts."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ddsp_edge.api.verbs import VERBS
from ddsp_edge.cli.ask import add_engine_parser, ask, show
from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import did_you_mean


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge control VERB [KEY=JSON ...]` with its options."""
    parser = add_engine_parser(
        subparsers, "control", "send any request to the engine (docs/control.md)"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "verbs:\n" + "\n".join(
        f"  {name:<16} {', '.join(verb.arguments) or '-':<20} {verb.doc}"
        for name, verb in VERBS.items()
    )
    parser.add_argument("verb", metavar="VERB", help="one of the verbs below")
    parser.add_argument(
        "arguments",
        nargs="*",
        metavar="KEY=JSON",
        help="an argument of the verb; texts need no quotes",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Send one request and print the answer. Raises UserError."""
    if args.verb not in VERBS:
        raise UserError(f"no verb is called {args.verb!r}; {did_you_mean(args.verb, VERBS)}")
    arguments = {}
    for text in args.arguments:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{text!r}: write it as KEY=JSON, for instance name=violin")
        arguments[key] = _value(value)
    result = ask(args, args.verb, **arguments)
    return show(args, result, json.dumps(result, indent=2))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
