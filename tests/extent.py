"""How often a test repeats what is random: with DDSP_EDGE_LONG=1 (as in .ci/run) more often."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T")
LONG = os.environ.get("DDSP_EDGE_LONG") == "1"


def extent(short: T, whole: T) -> T:
    """``whole`` where somebody asked for it, else ``short``."""
    return whole if LONG else short


#: For a test of half a minute or more whose parts other tests cover.
whole_only = pytest.mark.skipif(
    not LONG, reason="takes half a minute: runs with DDSP_EDGE_LONG=1, as in CI"
)
