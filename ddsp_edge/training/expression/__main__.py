"""Learn how shipped instruments are played, and write it into their bundles.

    python -m ddsp_edge.training.expression AUDIO_FOLDER ddsp_edge/models/*.zip

AUDIO_FOLDER holds a folder for each recipe (``ddsp_edge/training/recipes.py``). A bundle whose
recipe has none there, because no player was recorded, has its family's, and its card says so. The
same recordings and model give the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.training.expression.add import add_expression, tell_of_family
from ddsp_edge.training.recipes import RECIPES


def main(words: list[str] | None = None) -> int:
    """Run the command that the module's docstring shows; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.expression")
    parser.add_argument("audio", type=Path, help="folder with a folder for each recipe")
    parser.add_argument("bundles", type=Path, nargs="+", help="each is called as its recipe")
    args = parser.parse_args(words)
    try:
        for path in args.bundles:
            recipe = RECIPES.get(path.stem)
            if recipe is None:
                raise UserError(f"{path}: no recipe is called {path.stem}; {', '.join(RECIPES)}")
            folder = args.audio / recipe.folder
            if not folder.is_dir():
                print(f"{path}: no recordings in {folder}; it is played as its family")
                tell_of_family(path)
                continue
            print(f"{path}:")
            add_expression(path, folder, recipe)
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
