"""The folder: order, set lists, next and previous, hostile files, names, what played last."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.presets.folder import MAX_PRESETS, PresetFolder
from ddsp_edge.presets.preset import Preset
from ddsp_edge.settings import Settings


@pytest.fixture
def folder(tmp_path):
    """Four presets: names in the order of the alphabet."""
    it = PresetFolder(tmp_path / "presets")
    for name in ("Delta", "alpha", "Bravo", "charlie"):
        it.save(Preset(name, "violin", settings=Settings(mix=0.5)))
    return it


def test_saved_whole_and_read_whatever_the_case(folder):
    assert folder.read("ALPHA") == Preset("alpha", "violin", settings=Settings(mix=0.5))
    assert sorted(os.listdir(folder.folder)) == [
        "Bravo.toml", "Delta.toml", "alpha.toml", "charlie.toml",
    ]  # fmt: skip
    saved = folder.save(Preset("Alpha", "cello"))
    assert saved.name == "alpha" and folder.read("alpha").model == "cello"
    assert len(folder.names()) == 4
    with pytest.raises(UserError, match="did you mean 'Bravo'"):
        folder.read("Bravi")


def test_no_folder_is_no_presets(tmp_path):
    it = PresetFolder(tmp_path / "none")
    assert (it.names(), it.entries(), it.next(None), it.playlist()) == ([], [], None, [])


def test_order_next_and_previous_go_round(folder):
    assert folder.names() == ["alpha", "Bravo", "charlie", "Delta"]
    folder.set_order(["delta", "Bravo"])
    assert folder.names() == ["Delta", "Bravo", "alpha", "charlie"]
    assert folder.next("Delta").name == "Bravo"
    assert folder.next("charlie").name == "Delta"
    assert folder.next("Delta", -1).name == "charlie"
    assert folder.next(None).name == "Delta" and folder.next(None, -1).name == "charlie"
    assert folder.next("gone").name == "Delta"
    with pytest.raises(UserError, match="did you mean 'Bravo'"):
        folder.set_order(["Bravoo"])


def test_set_lists(folder):
    folder.set_setlist("Friday", ["Delta", "alpha", "Delta"])
    folder.use_setlist("Friday")
    assert folder.playlist() == ["Delta", "alpha", "Delta"]
    assert folder.next("alpha").name == "Delta"
    assert folder.names() == ["alpha", "Bravo", "charlie", "Delta"]
    with pytest.raises(UserError, match="did you mean 'Friday'"):
        folder.use_setlist("Fryday")
    folder.rename("Delta", "Echo")
    assert folder.playlist() == ["Echo", "alpha", "Echo"]
    folder.remove("alpha")
    assert folder.playlist() == ["Echo", "Echo"]
    folder.set_setlist("Friday", [])
    assert folder.order().setlists == {} and folder.order().current == ""
    assert folder.playlist() == ["Bravo", "charlie", "Echo"]


def test_rename_and_remove(folder):
    folder.set_order(["charlie", "alpha"])
    assert folder.rename("charlie", "Solo/../x") == "Solo-..-x"
    assert folder.names()[:2] == ["Solo-..-x", "alpha"]
    with pytest.raises(UserError, match="already"):
        folder.rename("Delta", "BRAVO")
    assert folder.rename("Delta", "DELTA") == "DELTA"
    folder.remove("DELTA")
    assert "DELTA" not in folder.names()
    for call in (folder.remove, folder.read, lambda name: folder.rename(name, "new")):
        with pytest.raises(UserError, match="no preset is called"):
            call("DELTA")


def test_hostile_files_are_skipped_and_said(folder):
    (folder.folder / "broken.toml").write_text("model = ")
    (folder.folder / "big.toml").write_text("#" * 100_000)
    os.mkfifo(folder.folder / "pipe.toml")
    (folder.folder / "dir.toml").mkdir()
    (folder.folder / "zero.toml").symlink_to("/dev/zero")
    (folder.folder / "loop.toml").symlink_to("loop.toml")
    (folder.folder / "odd:name.toml").write_text('model = "violin"')
    (folder.folder / ".hidden.toml").write_text("x")
    (folder.folder / "notes.txt").write_text("x")
    problems = {entry.name: entry.problem for entry in folder.entries() if entry.preset is None}
    assert set(problems) == {"broken", "big", "pipe", "dir", "zero", "loop", "odd:name"}
    for name, problem in problems.items():
        assert name in problem and len(problem.splitlines()) == 1
    assert [entry.name for entry in folder.entries() if entry.preset] == [
        "alpha", "Bravo", "charlie", "Delta",
    ]  # fmt: skip
    # Next and previous pass over them.
    order = ["alpha"]
    for _ in range(4):
        order.append(folder.next(order[-1]).name)
    assert order == ["alpha", "Bravo", "charlie", "Delta", "alpha"]
    for name in ("pipe", "zero", "dir"):  # neither waits nor says that it was saved
        with pytest.raises(UserError, match=rf"{name}\.toml"):
            folder.save(Preset(name, "violin"))
    with pytest.raises(UserError, match=r"broken\.toml: is not TOML"):
        folder.read("broken")


@pytest.mark.parametrize(
    "text",
    ["order = 3", 'ordre = ["alpha"]', "[", 'current = "none"', 'order = ["gone", "../alpha"]'],
)
def test_a_broken_order_file_is_no_order(folder, text):
    (folder.folder / "order.toml").write_text(text)
    assert folder.names() == ["alpha", "Bravo", "charlie", "Delta"]
    assert "order" not in folder.names() and folder.next("alpha").name == "Bravo"
    folder.set_order(["Delta"])
    assert folder.names()[0] == "Delta"


def test_no_more_than_fit(tmp_path):
    it = PresetFolder(tmp_path)
    for i in range(MAX_PRESETS):
        (tmp_path / f"p{i:03}.toml").write_text('model = "violin"')
    with pytest.raises(UserError, match="512 presets already"):
        it.save(Preset("one more", "violin"))
    it.save(Preset("p000", "cello"))
    assert it.read("p000").model == "cello"


def test_a_failed_save_leaves_the_old_one(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        folder.save(Preset("alpha", "cello"))
    assert folder.read("alpha").model == "violin"
    assert len(os.listdir(folder.folder)) == 4


@given(st.text(max_size=60))
def test_any_name_stays_in_the_folder(tmp_path_factory, name):
    parent = tmp_path_factory.mktemp("any")
    it = PresetFolder(parent / "presets")
    try:
        saved = it.save(Preset(name, "violin"))
    except UserError:
        assert not (parent / "presets").exists()
        return
    assert os.listdir(parent) == ["presets"]
    assert os.listdir(parent / "presets") == [f"{saved.name}.toml"]
    assert it.read(saved.name) == saved and it.names() == [saved.name]
