"""Every module is run once, the long ones first, and browsers are spread."""

import itertools
import threading
from pathlib import Path

import groups
import pytest
import shared_folder


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


def test_only_the_first_worker_collects_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(shared_folder.VARIABLE, str(tmp_path))
    together = threading.Barrier(2, timeout=20)

    def collect() -> None:
        with groups.first_alone():
            together.wait()

    others = [threading.Thread(target=collect) for _ in range(2)]
    with groups.first_alone():
        for other in others:
            other.start()
        others[0].join(0.3)
        assert together.n_waiting == 0
    for other in others:
        other.join(20)
    assert not together.broken


def test_where_the_first_one_fails_the_next_is_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(shared_folder.VARIABLE, str(tmp_path))
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), groups.first_alone():
            raise ValueError("broken")
    assert not list(tmp_path.glob("*.done"))
