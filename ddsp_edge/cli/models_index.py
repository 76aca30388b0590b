"""ddsp-edge models index: describe a folder of models as a collection that can be hosted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Add `index` to `ddsp-edge models`."""
    index = actions.add_parser(
        "index",
        help="write the index.json of a collection of models",
        description="Write FOLDER/index.json for the models in FOLDER, and their previews into "
        "FOLDER/previews. Put the folder onto any web server: a panel reads it by its address "
        "(Presets, Get models) and installs from it. Tags are edited in index.json and kept when "
        "it is written again; a file MODEL.zip.sig (ddsp-edge sign) is named as its signature.",
    )
    index.add_argument("folder", metavar="FOLDER", type=Path)
    index.add_argument(
        "--name", default="", help="name of the collection (default: as before, or the folder's)"
    )
    index.set_defaults(run=lambda args: int(args.action(args)), action=_index)


def _index(args: argparse.Namespace) -> int:
    from ddsp_edge.library.collection import INDEX, make_index

    made = make_index(args.folder, args.name)
    for each in made.models:
        tags = f"  [{', '.join(each.tags)}]" if each.tags else ""
        print(f"{each.name:<16} {each.size} bytes, {each.family}, licence {each.licence}{tags}")
    print(f"{args.folder / INDEX}: {made.name!r}, {len(made.models)} models")
    return 0
