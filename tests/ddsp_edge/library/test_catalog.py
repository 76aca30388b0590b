"""Models by name or path; broken files are reported, not fatal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_decoder import INFO, tiny_bundle, vst_file

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library import catalog
from ddsp_edge.library.catalog import entries, find_model, installed, user_folder


@pytest.fixture
def folder(models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's folder with two models and a broken file; nothing is shipped."""
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "shipped")
    write_bundle(models_folder / "fiddle.zip", replace(tiny_bundle(), info=replace(INFO, name="F")))
    (models_folder / "Flute.tflite").write_bytes(vst_file())
    (models_folder / "broken.zip").write_text("no zip at all")
    (models_folder / "notes.txt").write_text("not a model")
    (models_folder / ".hidden.zip").write_text("an unfinished write")
    return models_folder


@pytest.mark.parametrize("name", ["fiddle", "FIDDLE", "f", "F"])
def test_by_name(folder: Path, name: str) -> None:
    assert find_model(name).path == folder / "fiddle.zip"


def test_a_ddsp_vst_file_by_name(folder: Path) -> None:
    assert find_model("flute").info.profile == "vst"


def test_by_path(folder: Path, tiny_path: Path) -> None:
    assert find_model(tiny_path).path == tiny_path
    assert find_model(str(tiny_path)).info == INFO


def test_by_path_without_a_suffix(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = tiny_path.rename(tiny_path.with_name("plain"))
    monkeypatch.chdir(plain.parent)
    assert find_model("plain").info == INFO


def test_unknown_name(folder: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'fiddle'") as caught:
        find_model("fidle")
    assert "installed: broken, fiddle, flute" in str(caught.value)


def test_unknown_name_with_nothing_installed(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "shipped")
    with pytest.raises(UserError, match="none is installed in"):
        find_model("violin")


@pytest.mark.parametrize("path", ["missing.zip", "./violin", "/no/such/model"])
def test_a_path_that_is_not_there(path: str) -> None:
    with pytest.raises(UserError, match="No such file"):
        find_model(path)


def test_a_broken_file_is_reported_and_its_name_says_why(folder: Path) -> None:
    assert sorted(info.name for info in installed()) == ["F", "Flute"]
    broken = [entry for entry in entries() if entry.info is None]
    assert [(entry.name, entry.origin) for entry in broken] == [("broken", "user")]
    assert "neither a model bundle nor" in broken[0].problem
    with pytest.raises(UserError, match="neither a model bundle nor"):
        find_model("broken")


def test_the_user_s_model_wins_over_the_shipped_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "shipped" / "fiddle.zip", tiny_bundle())
    assert find_model("fiddle").path == folder / "fiddle.zip"
    assert [e.origin for e in entries() if e.name == "fiddle"] == ["user", "shipped"]


def test_where_the_user_s_folder_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DDSP_EDGE_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "ddsp-edge" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_folder() == tmp_path / ".local" / "share" / "ddsp-edge" / "models"
