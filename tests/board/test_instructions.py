"""The kernel's cost on arm64, in instructions: a slower kernel is seen at once."""

from __future__ import annotations

import pytest
from board.instructions import CORES, count


@pytest.fixture(scope="module")
def counts() -> dict[str, float]:
    return count()


def test_counts_repeat(counts: dict[str, float]) -> None:
    assert count() == pytest.approx(
        counts, rel=1e-3
    )  # addresses differ, so copies align differently
    assert min(counts.values()) > 1e6  # they did work


def test_sound_and_hearing_leave_a_small_board_room(counts: dict[str, float]) -> None:
    """Python and the decoder need the rest."""
    shares = [core.share(sum(counts.values())) for core in CORES]
    assert shares[0] < 0.5
    assert shares[1] < 0.25


def test_a_decoder_frame_is_cheap(counts: dict[str, float]) -> None:
    """Two hundred frames a second of a network of the size that ships."""
    assert counts["decoder"] / 200 < 30_000
