"""Models that a preset or a part names: a name of the library, or the path of a file."""

from __future__ import annotations

from typing import Any

from ddsp_edge.library.catalog import SUFFIXES


def models_in(table: dict[str, Any]) -> list[Any]:
    """Return what the tables of a preset or a part name as models; "" where they name none."""
    names = [table.get("model", ""), table.get("morph_model", "")]
    parts = table.get("parts")
    for part in parts if isinstance(parts, list | tuple) else ():
        if isinstance(part, dict):
            names.append(part.get("model", ""))
    return names


def is_path(name: str) -> bool:
    """Whether the engine would take ``name`` for the path of a file."""
    return "/" in name or "\\" in name or name.startswith(".") or name.lower().endswith(SUFFIXES)
