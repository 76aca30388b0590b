"""Makes the man pages and the shells' completion scripts from the parsers, for a package:

    python deploy/shell_files.py ROOT

writes ROOT/share/man/man1/ddsp-edge.1 and one page a command, ROOT/share/bash-completion/... and
ROOT/share/zsh/.... Needs argparse-manpage and shtab (the extra `shell`), not a device.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

from argparse_manpage.manpage import Manpage

from ddsp_edge import __version__
from ddsp_edge.cli.commands import COMMANDS, listing
from ddsp_edge.cli.completion import script
from ddsp_edge.cli.parser import Parser, parser_of


def page(parser: argparse.ArgumentParser, line: str) -> str:
    """The man page of ``parser``; ``line`` follows its name."""
    about = {
        "project_name": "ddsp-edge",
        "version": __version__,
        "manual_title": "ddsp-edge",
        "description": line,
        "date": " ",  # the same pages from the same source
    }
    epilog, parser.epilog = parser.epilog, None
    manual = Manpage(parser, about)
    # A man page of several words is called by them with hyphens.
    manual.prog = parser.prog.replace(" ", "-")
    # A help text that begins with a dot is text, not one of roff's requests.
    made = str(manual).replace("\n..", "\n\\&..")
    if epilog:  # a table, to be kept as it is
        table = epilog.replace("\\", "\\\\").replace("-", r"\-")
        rows = "\n".join(r"\&" + row for row in table.splitlines())
        made += f".SH NOTES\n.nf\n{rows}\n.fi\n"
    return made


def pages() -> dict[str, str]:
    """File name to page: one of all commands, and one for each of them."""
    whole = Parser(
        prog="ddsp-edge",
        description="Neural instruments: pitch and loudness in, a violin out.",
        epilog=listing(),
    )
    whole.add_argument("--version", action="version", help="print the version")
    whole.add_argument("command", metavar="COMMAND", help="see NOTES and ddsp-edge-COMMAND(1)")
    found = {"ddsp-edge.1": page(whole, "neural instruments on a small board")}
    parsers = next(
        action.choices
        for action in parser_of(*COMMANDS)._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    for name, line in COMMANDS.items():
        found[f"ddsp-edge-{name}.1"] = page(parsers[name], line)
    return found


def main(root: Path) -> None:
    """Write all files below ``root``."""
    man = root / "share" / "man" / "man1"
    man.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (man / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    for path, shell in (
        ("bash-completion/completions/ddsp-edge", "bash"),
        ("zsh/vendor-completions/_ddsp-edge", "zsh"),
    ):
        file = root / "share" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
