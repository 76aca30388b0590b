"""The emulated board of the session. Collected by ``make board-test`` only (DDSP_EDGE_BOARD=1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from board.login import HOST, Login, log_in
from board.machine import Board
from board.stage import CONFIG, RATE
from board.wheels import wheelhouse

from ddsp_edge.demo import VOICE
from ddsp_edge.system.audio_file import read_audio

#: The card is the instrument's alone once its service is installed.
ORDER = [
    "files",
    "other_release",
    "instructions",
    "armv7",
    "band",
    "live",
    "costs",
    "service",
    "ssh",
    "package",
]
collect_ignore_glob = [] if os.environ.get("DDSP_EDGE_BOARD") == "1" else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In :data:`ORDER`; what is not of this folder stays where it is."""
    here = {f"test_{name}": number for number, name in enumerate(ORDER)}
    ours = [i for i, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    in_order = sorted((items[i] for i in ours), key=lambda item: here[item.path.stem])
    for i, item in zip(ours, in_order, strict=True):
        items[i] = item


@pytest.fixture(scope="session")
def board() -> Iterator[Board]:
    """Booted, with our wheel installed."""
    with Board() as running:
        yield running


@pytest.fixture(scope="session")
def sung() -> np.ndarray:
    """The start of the demo's sung phrase: mono, 48 kHz, 2 s."""
    return read_audio(VOICE, RATE)[: 2 * RATE]


@pytest.fixture(scope="session")
def login(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Login:
    """`ssh pi@pedal.local`, as after the first start from a card of Raspberry Pi Imager's."""
    return log_in(board, tmp_path_factory.mktemp("ssh"))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheelhouse: all that the board installs, ours too."""
    return wheelhouse(tmp_path_factory.mktemp("wheelhouse"))


@pytest.fixture(scope="session")
def installed(board: Board, login: Login, wheels: Path) -> Board:
    """`ddsp-edge provision` has run, from a board with nothing on it; the service plays."""
    board.check(f"mkdir -p /etc/ddsp-edge && cat >/etc/ddsp-edge/config.toml <<'END'\n{CONFIG}END")
    words = ("provision", f"pi@{HOST}", "--wheelhouse", wheels)
    print(login.ddsp_edge(*words, timeout_s=3600))
    return board
