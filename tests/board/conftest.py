"""The emulated board of the session. Collected by ``make board-test`` only (DDSP_EDGE_BOARD=1)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
from board.machine import Board
from board.stage import RATE

from ddsp_edge.audio_io import read_audio
from ddsp_edge.demo import VOICE

collect_ignore_glob = [] if os.environ.get("DDSP_EDGE_BOARD") == "1" else ["test_*.py"]


@pytest.fixture(scope="session")
def board() -> Iterator[Board]:
    """Booted, with our wheel installed."""
    with Board() as running:
        yield running


@pytest.fixture(scope="session")
def sung() -> np.ndarray:
    """The start of the demo's sung phrase: mono, 48 kHz, 2 s."""
    return read_audio(VOICE, RATE)[: 2 * RATE]
