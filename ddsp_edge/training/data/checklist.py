"""The recordings that the shipped instruments were trained on, as lists of files to check against.

    python -m ddsp_edge.training.data.checklist verify clarinet AUDIO
    python -m ddsp_edge.training.data.checklist write clarinet AUDIO

AUDIO is the folder that holds those of all instruments; a recipe names its own folder below it.
`verify` prints that folder where every file is there and the same, and nothing else is there that
would be trained on. What a sound font makes has no list, since it differs with FluidSynth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, write_atomically
from ddsp_edge.training.data import sources
from ddsp_edge.training.recipes import RECIPES, Recipe

LISTS = Path(__file__).parent / "checklists"
DIGITS = 16  #: of the SHA-256 in hex: against mistakes, and a tenth of a megabyte in all
MAX_BYTES = 1 << 20


def digests(folder: Path, recipe: Recipe) -> dict[str, str]:
    """Name to the first :data:`DIGITS` of the SHA-256 of each file that is trained on, by name.

    Raises UserError: no such folder, or no audio in it.
    """
    files, _ = sources.find(folder, recipe.skip)
    named = sorted((path.relative_to(folder).as_posix(), path) for path in files)
    return {name: sources.digest(path)[:DIGITS] for name, path in named}


def read_list(path: Path) -> dict[str, str]:
    """Read a list, ``DIGEST  NAME`` a line. Raises UserError where it is none."""
    found = {}
    for line in read_limited(path, MAX_BYTES).decode("utf-8", "replace").splitlines():
        digest, gap, name = line.partition("  ")
        if not gap or not name or len(digest) != DIGITS:
            raise UserError(f"{path}: {line[:60]!r} is not a digest and a name; get it again")
        found[name] = digest
    return found


def write_list(name: str, audio: Path, lists: Path = LISTS) -> Path:
    """Write the list of a recipe's folder below ``audio`` and return its path. UserError."""
    recipe, path = _recipe(name), lists / f"{name}.txt"
    rows = digests(audio / recipe.folder, recipe)
    write_atomically(path, "".join(f"{row[1]}  {row[0]}\n" for row in rows.items()).encode())
    return path


def verify(name: str, audio: Path, lists: Path = LISTS) -> Path:
    """Return the recipe's folder below ``audio`` where it holds what the shipped model learnt from.

    Raises UserError: a file is missing, differs or is one too many; a recipe without a list passes.
    """
    recipe, path = _recipe(name), lists / f"{name}.txt"
    folder = audio / recipe.folder
    if not path.exists():
        return folder
    wanted = read_list(path)
    try:
        found = digests(folder, recipe)
    except UserError as error:
        raise UserError(f"{error}{_remedy(recipe)}") from None
    for what, names in (
        ("lacks", wanted.keys() - found.keys()),
        (
            "has other content in",
            {n for n in wanted.keys() & found.keys() if wanted[n] != found[n]},
        ),
        ("holds, beside what the model was trained on,", found.keys() - wanted.keys()),
    ):
        if names:
            first, more = min(names), len(names) - 1
            others = f" and {more} more of {len(wanted)}" if more else ""
            raise UserError(f"{folder}: {what} {first}{others}{_remedy(recipe)}")
    return folder


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise UserError(f"no recipe is called {name}; there is {', '.join(sorted(RECIPES))}")
    return RECIPES[name]


def _remedy(recipe: Recipe) -> str:
    return f"; get the recordings from {recipe.source}" if recipe.source else ""


def main(words: list[str]) -> int:
    """Write or verify the list of one recipe; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.data.checklist")
    parser.add_argument("action", choices=("verify", "write"))
    parser.add_argument("name", help="a recipe, such as clarinet")
    parser.add_argument("audio", type=Path, help="the folder that holds those of all recipes")
    args = parser.parse_args(words)
    try:
        print((verify if args.action == "verify" else write_list)(args.name, args.audio))
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
