"""One name, one meaning: classes that share a name, and docstrings that say next to nothing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHORTEST = 28  #: letters of a docstring that says something
#: Where every docstring is that long. Others may join.
FOLDERS = (
    "system",
    "bundles",
    "tflite",
    "library",
    "remote",
    "cli",
    "offline",
    "effect",
    "live",
    "synth",
    "training/export",
)


def classes(*folders: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of every class at the top of a module."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    yield node.name, path


def shared(*folders: Path) -> dict[str, list[Path]]:
    found = defaultdict(list)
    for name, path in classes(*folders):
        found[name].append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def short_docstrings(folder: Path) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    return [
        f"{path}: {said}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds) and (said := ast.get_docstring(node))
        if len(said) < SHORTEST
    ]


def test_no_two_classes_share_a_name() -> None:
    assert shared(ROOT / "ddsp_edge", ROOT / "firmware_py") == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_are_sentences(folder: str) -> None:
    assert short_docstrings(ROOT / "ddsp_edge" / folder) == []


def test_both_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('class Part:\n    """A part."""\n')
    (tmp_path / "b.py").write_text(
        '"""A module, with as many words as it takes."""\nclass Part: ...'
    )
    assert shared(tmp_path) == {"Part": [tmp_path / "a.py", tmp_path / "b.py"]}
    assert short_docstrings(tmp_path) == [f"{tmp_path / 'a.py'}: A part."]
