"""ddsp-edge models export-lv2."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddsp_edge.cli import main
from ddsp_edge.library.folders import shipped_folder


def test_all_shipped_models_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "export-lv2", "--out", str(tmp_path / "all.lv2")]) == 0
    written = {path.stem for path in (tmp_path / "all.lv2" / "models").iterdir()}
    assert written == {path.stem for path in shipped_folder().glob("*.zip")}
    assert len(capsys.readouterr().out.splitlines()) == len(written)


def test_one_by_name(tmp_path: Path) -> None:
    assert main(["models", "export-lv2", "flute", "--out", str(tmp_path / "one.lv2")]) == 0
    assert (tmp_path / "one.lv2" / "models" / "flute.ddspw").exists()


def test_a_wrong_folder_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "export-lv2", "flute", "--out", str(tmp_path / "one")]) == 2
    assert "name it X.lv2" in capsys.readouterr().err
