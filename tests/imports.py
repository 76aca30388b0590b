"""Who imports whom in the program's own packages, read from the sources without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("native", "ddsp_edge", "firmware_py")

#: Module to the modules that it imports, anywhere in the file; names with dots.
Graph = Mapping[str, Iterable[str]]


def read_graph(root: Path = ROOT, packages: Iterable[str] = PACKAGES) -> dict[str, set[str]]:
    """The imports of every module below ``root``, those inside functions included."""
    paths = [path for package in packages for path in (root / package).rglob("*.py")]
    names = {_module_name(path.relative_to(root)): path for path in paths}
    return {name: _imported(path, names) - {name} for name, path in names.items()}


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, known: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return found & set(known)


def circles(graph: Graph) -> list[str]:
    """The modules that are part of an import circle or lie between two."""
    left = {module: set(imports) for module, imports in graph.items()}
    while True:
        imported = {each for imports in left.values() for each in imports}
        ends = [m for m in left if not (left[m] & left.keys()) or m not in imported]
        if not ends:
            return sorted(left)
        for module in ends:
            del left[module]
