"""Every module is run once, the long ones first, and browsers are spread."""

import itertools
from pathlib import Path

import groups

TESTS = Path(__file__).parent


def test_every_module_is_there_once_and_browsers_are_apart():
    others = [f"ddsp_edge/test_{at}" for at in range(100)]
    heavy = [f"browser/test_{at}" for at in range(8)]
    modules = [*heavy, *others, "test_uml", "ddsp_edge/cli/test_train"]
    found = groups.order(modules)
    assert sorted(found) == sorted(modules)
    assert found[:2] == ["ddsp_edge/cli/test_train", "test_uml"]
    places = [found.index(name) for name in heavy]
    assert all(after - before >= 10 for before, after in itertools.pairwise(places))
    assert places[-1] < len(found) - 10  # none of them is the last to run


def test_few_modules_are_ordered_too():
    assert groups.order([]) == []
    assert set(groups.order(["browser/test_a", "browser/test_b"])) == {
        "browser/test_a",
        "browser/test_b",
    }


def test_the_long_modules_are_there():
    assert [name for name in groups.LONG if not (TESTS / f"{name}.py").exists()] == []
