"""Every module is run once, the long ones first, and browsers are spread."""

import itertools

import groups


def test_every_module_is_there_once_and_browsers_are_apart():
    others = {f"ddsp_edge/test_{at}": 0.0 for at in range(100)}
    heavy = {f"browser/test_{at}": 10.0 * at for at in range(8)}
    long = {f"native/test_{at}": 20.0 + at for at in range(groups.AT_ONCE + 2)}
    found = groups.order({**others, **heavy, **long})
    assert sorted(found) == sorted([*others, *heavy, *long])
    assert found[: groups.AT_ONCE] == sorted(long, key=lambda name: -long[name])[: groups.AT_ONCE]
    places = [found.index(name) for name in reversed(heavy)]  # the longest first
    assert places[0] == groups.AT_ONCE
    assert all(after - before >= 10 for before, after in itertools.pairwise(places))
    assert places[-1] < len(found) - 10  # none of them is the last to run


def test_few_modules_are_ordered_too():
    assert groups.order({}) == []
    few = {"browser/test_a": 1.0, "browser/test_b": 2.0}
    assert groups.order(few) == ["browser/test_b", "browser/test_a"]
