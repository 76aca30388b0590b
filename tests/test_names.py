"""One name, one meaning: classes that share a name, and docstrings that say next to nothing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = tuple(ROOT / folder for folder in ("native", "ddsp_edge", "firmware_py"))
SHORTEST = 28  #: letters of a docstring that says something
#: A docstring that begins so says which errors or thread, but not what is done.
BARE = re.compile(r"(Raises|See|On|In) [^.;,]*\.?$")


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


def first(docstring: str) -> str:
    """Return the first paragraph of a docstring."""
    return docstring.split("\n\n")[0].rstrip()


def poor_docstrings(folder: Path) -> list[str]:
    """File and text of each docstring that is short, has no end or says too little."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    return [
        f"{path}: {said}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds) and (said := ast.get_docstring(node))
        if len(said) < SHORTEST or BARE.match(said) or first(said)[-1] not in ".:!?`)"
    ]


def test_no_two_classes_share_a_name() -> None:
    assert shared(*PROGRAM) == {}


def test_docstrings_are_sentences() -> None:
    assert [each for folder in PROGRAM for each in poor_docstrings(folder)] == []


def test_all_would_be_found(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, text in (
        (
            one,
            'class Part:\n    """A part."""\n    def f(self):\n        """Raises UserError."""\n',
        ),
        (two, '"""A module, with as many words as it takes"""\nclass Part: ...'),
    ):
        folder.mkdir()
        (folder / "a.py").write_text(text)
    assert shared(one, two) == {"Part": [one / "a.py", two / "a.py"]}
    assert poor_docstrings(one) == [
        f"{one / 'a.py'}: A part.",
        f"{one / 'a.py'}: Raises UserError.",
    ]
    (two / "b.py").write_text('"""On the thread that reads the card of the box."""')
    assert [each.partition(": ")[2][:9] for each in poor_docstrings(two)] == [
        "A module,",
        "On the th",
    ]
