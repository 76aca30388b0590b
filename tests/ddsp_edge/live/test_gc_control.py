"""Garbage collection and Python's lock while engines run."""

import gc
import sys
import weakref

import pytest

from ddsp_edge.live.gc_control import SWITCH_S, Collector, settle
from ddsp_edge.live.timing import Histogram


@pytest.fixture
def collectors():
    """Two, released at the end; Python's own state is as before then."""
    assert gc.isenabled()
    made = [Collector(Histogram()), Collector(Histogram())]
    yield made
    for each in made:
        each.release()
    assert gc.isenabled() and gc.get_freeze_count() == 0


class Node:
    def __init__(self) -> None:
        self.itself = self  # reference counting does not free it


def test_python_does_not_collect_while_one_is_held(collectors):
    first, second = collectors
    switch_before_s = sys.getswitchinterval()
    first.hold()
    second.hold()
    assert not gc.isenabled() and sys.getswitchinterval() == pytest.approx(SWITCH_S)
    first.release()
    first.release()  # twice counts once
    assert not gc.isenabled()
    second.release()
    assert gc.isenabled() and sys.getswitchinterval() == pytest.approx(switch_before_s)


def test_what_lives_is_frozen_and_later_garbage_is_collected(collectors):
    first, _ = collectors
    first.hold()
    assert gc.get_freeze_count() > 1000  # modules and all they have
    garbage = weakref.ref(Node())
    first.idle(now_s=10.0, quiet=False)
    assert garbage() is None


def test_a_model_that_was_loaded_leaves_no_garbage_frozen(collectors):
    collectors[0].hold()
    garbage = weakref.ref(Node())
    settle()
    assert garbage() is None


def test_collections_are_seconds_apart(collectors):
    first, _ = collectors
    first.hold()
    first.idle(now_s=10.0, quiet=True)
    garbage = weakref.ref(Node())
    first.idle(now_s=11.0, quiet=True)
    assert garbage() is not None
    first.idle(now_s=12.5, quiet=True)
    assert garbage() is None
