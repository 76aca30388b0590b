"""Four parts of four voices within the budget of every board: the profiles allow sixteen."""

from __future__ import annotations

import tomllib

import pytest
from board.instructions import BAND_BUDGET, CORES, ROOT, count_band, missing


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_four_parts_of_four_voices_fit_into_a_core() -> None:
    for path in (ROOT / "deploy/boards").glob("*.toml"):
        assert tomllib.loads(path.read_text())["instrument"]["voices"] >= 4 * 4
    taken = count_band(4, 4)
    shares = {core.name: core.share(taken) for core in CORES}
    print(f"{taken / 1e6:.0f} million instructions a second, of a core {shares}")
    assert all(share < BAND_BUDGET[name] for name, share in shares.items())
