"""Imports run one way: the floors of docs/architecture.md, from the bottom up.

A module may import from families on lower floors and from its own family, and nothing else.
"""

from __future__ import annotations

import re
from functools import cache

import pytest
from imports import PACKAGES, ROOT, circles, read_graph

PAGE = ROOT / "docs" / "architecture.md"
MOST_FLOORS = 12
MOST_LOOSE = 6  #: modules that lie in ddsp_edge/ itself

CHECKED = ("native", "ddsp_edge", "firmware_py")


@cache
def graph() -> dict[str, set[str]]:
    """The imports of all modules that are checked, read once."""
    return read_graph(packages=CHECKED)


def floors() -> dict[str, int]:
    """Family to floor, as the table of docs/architecture.md has them."""
    found: dict[str, int] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        row = re.match(r"\| (\d+) \| (.+?) \|", line)
        if row:
            found.update({name: int(row[1]) for name in re.findall(r"`([\w.]+)`", row[2])})
    return found


FLOORS = floors()


def family(module: str) -> str:
    """The row's name that holds a module: the longest that begins its name."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        # A package itself stands for its __init__ alone: what lies in it has a row of its own.
        if name in FLOORS and (name not in PACKAGES[1:] or length == len(parts)):
            return name
    raise KeyError(f"{module} is on no floor of docs/architecture.md")


def upward(graph: dict[str, set[str]]) -> list[str]:
    """The imports that lead neither to a lower floor nor into their own family, and those of a
    package that builds on this one."""
    wrong = []
    for module, imports in graph.items():
        for other in imports:
            here, there = family(module), family(other)
            outward = PACKAGES.index(other.split(".")[0]) > PACKAGES.index(module.split(".")[0])
            if outward or (here != there and FLOORS[there] >= FLOORS[here]):
                wrong.append(
                    f"{module} (floor {FLOORS[here]}) imports {other} (floor {FLOORS[there]})"
                )
    return sorted(wrong)


def test_every_import_leads_down():
    assert upward(graph()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(graph()) == []


def test_every_family_of_the_table_exists():
    named = {name for name in FLOORS if name.split(".")[0] in CHECKED}
    assert {family(module) for module in graph()} == named


def test_there_are_few_floors_and_few_loose_modules():
    assert max(FLOORS.values()) <= MOST_FLOORS
    loose = [path.name for path in (ROOT / "ddsp_edge").glob("[!_]*.py")]
    assert len(loose) <= MOST_LOOSE, loose


@pytest.mark.parametrize(
    ("module", "other"),
    [
        ("ddsp_edge.system.host", "ddsp_edge.live.engine"),
        ("native.kernel", "ddsp_edge.errors"),
        ("ddsp_edge.cli.doctor", "firmware_py.config"),
        ("ddsp_edge.live.engine", "ddsp_edge.offline.renderer"),  # the same floor
    ],
)
def test_one_upward_import_would_be_seen(module, other):
    changed = {name: set(imports) for name, imports in graph().items()}
    changed[module].add(other)
    assert [line for line in upward(changed) if module in line and other in line]


def test_a_circle_would_be_seen():
    changed = {name: set(imports) for name, imports in graph().items()}
    changed["ddsp_edge.frames"].add("ddsp_edge.live.engine")
    assert "ddsp_edge.frames" in circles(changed)
