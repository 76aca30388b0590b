"""What a card says of an instrument that no player was recorded on."""

from __future__ import annotations

import shutil
from pathlib import Path

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.library.catalog import shipped_folder
from ddsp_edge.training.expression.__main__ import main
from ddsp_edge.training.expression.add import TITLE


def test_the_command_says_that_the_family_is_played(tmp_path: Path) -> None:
    path = tmp_path / "trumpet.zip"
    shutil.copy(shipped_folder() / "trumpet.zip", path)
    before = read_bundle(path)
    assert main([str(tmp_path), str(path)]) == 0
    after = read_bundle(path)
    assert after.card.count(TITLE) == 1 and "its family (brass)" in after.card
    assert after.model == before.model and after.info.expression is None
    once = path.read_bytes()
    assert main([str(tmp_path), str(path)]) == 0 and path.read_bytes() == once


def test_the_shipped_trumpets_card_says_so() -> None:
    assert "its family (brass)" in read_bundle(shipped_folder() / "trumpet.zip").card
