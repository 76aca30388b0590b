"""Write the credits of the recipes into shipped bundles: attribution and licence.

    python -m ddsp_edge.training.export.credits ddsp_edge/models/*.zip

``ddsp_edge/training/recipes.py`` is where credits are written; a bundle got a copy of them when it
was trained. A second run changes nothing, and nothing but the credits is changed.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.training.recipes import RECIPES


def renew_credits(path: Path) -> bool:
    """Write the credits of the recipe with the file's name into a bundle; return if they differed.

    Raises UserError where there is no such recipe, or the card does not hold the old credits.
    """
    recipe = RECIPES.get(path.stem)
    if recipe is None:
        raise UserError(f"{path}: no recipe is called {path.stem}; choose {', '.join(RECIPES)}")
    bundle = read_bundle(path)
    info, card = bundle.info, bundle.card
    if (info.attribution, info.licence) == (recipe.attribution, recipe.licence):
        return False
    renewed = {info.attribution: recipe.attribution, info.licence: recipe.licence}
    for old in renewed:
        if old not in card:
            raise UserError(f"{path}: its card does not say {old!r}; train it again")
    # In one pass, the attribution first: it may name the licence.
    card = re.sub("|".join(map(re.escape, renewed)), lambda found: renewed[found[0]], card)
    info = replace(info, attribution=recipe.attribution, licence=recipe.licence)
    write_bundle(path, replace(bundle, info=info, card=card))
    return True


def main(paths: list[str]) -> int:
    """Renew the credits of each bundle and print what was done; return the exit code."""
    try:
        for path in map(Path, paths):
            renewed = renew_credits(path)
            print(f"{path}: {'credits renewed' if renewed else 'credits are as they were'}")
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
