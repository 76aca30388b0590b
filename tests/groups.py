"""In which order pytest-xdist's workers take the modules (``--dist loadscope``).

A module's tests stay together in one worker, since they share its fixtures; xdist does that. Here
the modules that take longest begin first, and what is short fills the gaps at the end. Modules
that wait (for a paced card, a browser) stand among those that compute, so that the cores are busy
and no two browsers wait for each other.

Before that, every worker collects all tests. The first does so alone: in a fresh clone it writes
their byte code, which the others then read instead of each making it, too.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections import Counter
from collections.abc import Iterator

import long_tests
import pytest
import shared_folder

#: Modules of so many seconds of processor time begin first.
LONG_S = 10.0
#: Those in which an engine, a panel and a browser run at once: so heavy that two together are
#: slower than one after the other. They are spread over this part of the run.
HEAVY, SPREAD = "browser/", 0.8
#: What each worker takes first runs beside the tests at a card's pace (run_all.py), on what these
#: leave: nothing that waits for a sound card of its own.
AT_ONCE = 2 * ((os.cpu_count() or 1) + 2)


def module(name: str) -> str:
    """The module of a node ID, without tests/ and .py."""
    return name.split("::")[0].removeprefix("tests/").removesuffix(".py")


def order(took_s: dict[str, float]) -> list[str]:
    """In which order these modules begin, each with the seconds that it takes."""
    by_length = sorted(took_s, key=lambda name: -took_s[name])
    heavy = [name for name in by_length if name.startswith(HEAVY)]
    first = [name for name in by_length if name not in heavy and took_s[name] >= LONG_S]
    others = first + [name for name in took_s if name not in first and name not in heavy]
    first, others = others[:AT_ONCE], others[AT_ONCE:]
    step = max(1, int(SPREAD * len(others) / max(1, len(heavy))))
    for at, name in enumerate(heavy):
        others.insert(at * (step + 1), name)
    return first + others


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In one process the order stays as it is."""
    if hasattr(config, "workerinput"):
        measured = long_tests.seconds()
        took_s: Counter[str] = Counter()
        for item in items:
            took_s[module(item.nodeid)] += measured.get(item.nodeid, 0.0)
        place = {name: at for at, name in enumerate(order(took_s))}
        items.sort(key=lambda item: place[module(item.nodeid)])


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """Wait while the first of the workers is here; the others are here at once."""
    lock = shared_folder.folder() / "collection.lock"
    done = lock.with_suffix(".done")
    with shared_folder.only_one(lock):
        if not done.exists():
            yield
            done.touch()
            return
    yield


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is collected stays until the end: the garbage collector need not look at it."""
    gc.disable()
    try:
        with first_alone() if hasattr(session.config, "workerinput") else contextlib.nullcontext():
            return (yield)
    finally:
        gc.freeze()
        gc.enable()
