"""What `make models` trains on is what the shipped models were trained on, or it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.training.data import checklist
from ddsp_edge.training.recipes import RECIPES

NAME = "double-bass"


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A folder of all recordings, with three files for one recipe and one that it leaves out."""
    folder = tmp_path / "audio" / RECIPES[NAME].folder
    (folder / "soft").mkdir(parents=True)
    for i, name in enumerate(("arco_a1.wav", "soft/arco_d2.wav", "e1.wav", "arco_c1_f.wav")):
        soundfile.write(folder / name, np.full(100, 0.01 * (i + 1)), 8000)
    return tmp_path / "audio"


@pytest.fixture
def lists(tmp_path: Path, audio: Path) -> Path:
    (tmp_path / "lists").mkdir()
    checklist.write_list(NAME, audio, tmp_path / "lists")
    return tmp_path / "lists"


def test_the_same_files_pass_and_a_list_is_repeatable(audio: Path, lists: Path) -> None:
    assert checklist.verify(NAME, audio, lists) == audio / RECIPES[NAME].folder
    text = (lists / f"{NAME}.txt").read_text()
    names = [line.split("  ")[1] for line in text.splitlines()]
    assert names == ["arco_a1.wav", "e1.wav", "soft/arco_d2.wav"]  # without what is left out
    checklist.write_list(NAME, audio, lists)
    assert (lists / f"{NAME}.txt").read_text() == text


def test_a_file_that_is_missing_changed_or_too_many_is_named(audio: Path, lists: Path) -> None:
    folder = audio / RECIPES[NAME].folder
    data = (folder / "e1.wav").read_bytes()
    (folder / "e1.wav").write_bytes(data[:-2] + b"\x00\x10")
    with pytest.raises(UserError, match=r"has other content in e1\.wav"):
        checklist.verify(NAME, audio, lists)
    (folder / "e1.wav").unlink()
    with pytest.raises(UserError, match=r"lacks e1\.wav"):
        checklist.verify(NAME, audio, lists)
    (folder / "soft/arco_d2.wav").unlink()
    with pytest.raises(UserError, match=r"lacks e1\.wav and 1 more of 3"):
        checklist.verify(NAME, audio, lists)
    (folder / "e1.wav").write_bytes(data)
    (folder / "soft/arco_d2.wav").write_bytes(data)
    (folder / "notes.txt").write_text("no audio: it would not be trained on")
    with pytest.raises(UserError, match=r"other content in soft/arco_d2\.wav"):
        checklist.verify(NAME, audio, lists)


def test_one_file_too_many_is_named(audio: Path, lists: Path) -> None:
    (audio / RECIPES[NAME].folder / "piano.wav").write_bytes(b"RIFF0000WAVEfmt ")
    with pytest.raises(UserError, match=r"beside what .* piano\.wav"):
        checklist.verify(NAME, audio, lists)


def test_a_folder_that_is_not_there_and_a_recipe_without_a_list(
    audio: Path, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="no such folder"):
        checklist.verify(NAME, audio / "elsewhere", lists)
    assert checklist.verify("trumpet", audio, lists) == audio / "trumpet"
    assert checklist.main(["verify", "kazoo", str(audio)]) == 2
    assert "no recipe is called kazoo" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["x\n", "0123456789abcdef\n", "0123456789abcdef  \n", "\xff\n"])
def test_a_damaged_list_is_one_line(text: str, audio: Path, lists: Path) -> None:
    (lists / f"{NAME}.txt").write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is not a digest and a name"):
        checklist.verify(NAME, audio, lists)


@pytest.mark.parametrize("path", sorted(checklist.LISTS.glob("*.txt")), ids=lambda path: path.stem)
def test_the_lists_that_are_here_are_of_recipes(path: Path) -> None:
    recipe, rows = RECIPES[path.stem], checklist.read_list(path)
    assert len(rows) > 3 and list(rows) == sorted(rows) and recipe.source
    assert not any(Path(name).match(pattern) for name in rows for pattern in recipe.skip)
