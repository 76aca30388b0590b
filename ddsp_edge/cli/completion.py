"""``ddsp-edge completion SHELL``: what lets a shell complete commands, options and model names.

The script is made by shtab (Iterative, Apache-2.0) from the parsers themselves, so that it knows
every option of this version. The Debian package installs it; elsewhere one line of the shell's
start-up file does (docs/guide.md).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddsp_edge.cli.commands import COMMANDS
from ddsp_edge.cli.parser import parser_of
from ddsp_edge.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "tcsh")

#: The shell asks for the names when they are wanted, so that added models are among them.
_MODELS = {
    "bash": """\
_ddsp_edge_models() {
  compgen -W "$(ddsp-edge models list 2>/dev/null | cut -d' ' -f1)" -- "$1"
  compgen -f -- "$1"
}
""",
    "zsh": """\
_ddsp_edge_models() {
  local -a names
  names=(${(f)"$(ddsp-edge models list 2>/dev/null | cut -d' ' -f1)"})
  compadd -a names
  _files
}
""",
    "tcsh": "",
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``ddsp-edge completion SHELL``."""
    parser = subparsers.add_parser(
        "completion",
        help=COMMANDS["completion"],
        description='Print a script. For bash: eval "$(ddsp-edge completion bash)" in ~/.bashrc',
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument and option of ``parser`` and of the parsers in it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from actions(inner)


def script(shell: str) -> str:
    """The completion script for ``shell``. Raises UserError where shtab is not installed."""
    try:
        import shtab
    except ImportError:
        raise UserError(
            "completion needs the package shtab; install with: pip install shtab"
        ) from None
    parser = parser_of(*COMMANDS)
    models = {"bash": "_ddsp_edge_models", "zsh": "_ddsp_edge_models", "tcsh": "f"}
    for action in actions(parser):
        name = str(action.metavar or "")
        if action.choices is not None or action.nargs == 0:
            continue
        if "NAME|PATH" in name:
            action.complete = models  # type: ignore[attr-defined]
        elif name == "FOLDER":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.type is Path or name in ("IN", "FILE", "PATH"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    preamble: Any = _MODELS  # shtab takes one for each shell too
    return str(shtab.complete(parser, shell=shell, preamble=preamble))


def run(args: argparse.Namespace) -> int:
    """Print the script. Raises UserError."""
    print(script(args.shell))
    return 0
