"""The parser of the command line: refuses in one line, and suggests the name that was meant."""

from __future__ import annotations

import argparse
import difflib
import importlib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from ddsp_edge import __version__
from ddsp_edge.cli.commands import COMMANDS, listing
from ddsp_edge.errors import UserError


def suggestion(word: str, names: Iterable[str]) -> str:
    """``"; did you mean NAME?"`` where one of ``names`` is near ``word``, else ``""``."""
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


class Parser(argparse.ArgumentParser):
    """Reports an error in one line; options cannot be abbreviated, so that new ones may come."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see: {self.prog} --help")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """As argparse does, but an unknown command or option is refused first, by its name:
        what else is missing would hide it."""
        self._refuse_unknown(list(args or ()))
        return super().parse_known_args(args, namespace)

    def _refuse_unknown(self, words: list[str]) -> None:
        inner = next((a for a in self._actions if isinstance(a, argparse._SubParsersAction)), None)
        known = self._option_string_actions
        is_value = False
        for word in words:
            option, has_value = word.split("=", 1)[0], "=" in word
            if word == "--":
                return
            if word.startswith("--") and " " not in word:
                if option not in known:
                    self.error(f"there is no option {option}{suggestion(option, known)}")
                is_value = not has_value and known[option].nargs != 0
            elif inner is not None and not is_value and not word.startswith("-"):
                if word not in inner.choices:
                    self._refuse_command(word, inner.choices)
                return  # what follows is the inner parser's
            else:
                is_value = False

    def _refuse_command(self, word: str, choices: Iterable[str]) -> NoReturn:
        where = self.prog.removeprefix("ddsp-edge").strip()
        near = suggestion(word, choices)
        if where and not near:
            near = f"; there is {', '.join(choices)}"
        self.error(f"there is no command {f'{where} {word}'.strip()!r}{near}")


def parser_of(*commands: str) -> Parser:
    """Make a parser with the options of ``commands``; the others are only named, not imported."""
    parser = Parser(
        prog="ddsp-edge",
        description="Neural instruments: pitch and loudness in, a violin out.",
        epilog=listing(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ddsp-edge {__version__}")
    subparsers = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help="see below"
    )
    for name in COMMANDS:
        if name in commands:
            module = name.replace("-", "_")
            importlib.import_module(f"ddsp_edge.cli.{module}").add_parser(subparsers)
        else:
            subparsers.add_parser(name)
    return parser
