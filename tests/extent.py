"""How often a test repeats what is random: with DDSP_EDGE_LONG=1 (as in .ci/run) more often."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
VARIABLE = "DDSP_EDGE_LONG"
LONG = os.environ.get(VARIABLE) == "1"


def extent(short: T, whole: T) -> T:
    """``whole`` where somebody asked for it, else ``short``."""
    return whole if LONG else short
