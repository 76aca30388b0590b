"""A folder in, a folder out: what is there is kept, what is refused stops nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_edge.cli import main
from ddsp_edge.demo import TUNE
from ddsp_edge.errors import UserError
from ddsp_edge.offline.batch import inputs, outputs, render_folder


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    t = np.arange(24_000) / 48_000
    soundfile.write(made / "a.wav", 0.3 * np.sin(2 * np.pi * 440 * t), 48_000)
    shutil.copy(TUNE, made / "A.mid")
    soundfile.write(made / "b.flac", 0.3 * np.sin(2 * np.pi * 330 * t), 44_100)
    (made / "notes.txt").write_text("no sound")
    (made / "._a.wav").write_bytes(b"Finder's")
    (made / "bad.wav").write_text("this is no sound")
    return made


def test_every_file_once_and_a_second_run_makes_only_what_is_missing(
    folder, tiny_path, tmp_path, capsys
):
    out = tmp_path / "out"
    words = ["render", str(folder), "--model", str(tiny_path), "--out", str(out)]
    assert main(words) == 2  # bad.wav
    said = capsys.readouterr()
    assert "3 files" in said.out and "1 could not be played" in said.out
    assert "bad.wav" in said.err and len(said.err.strip().splitlines()) == 1
    assert {path.name for path in out.iterdir()} == {"a.wav.wav", "A.mid.wav", "b.wav"}
    before = (out / "b.wav").stat().st_mtime_ns
    (out / "a.wav.wav").unlink()
    (folder / "bad.wav").unlink()
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "1 files" in said and "2 were there already" in said
    assert (out / "b.wav").stat().st_mtime_ns == before
    assert main([*words, "--force"]) == 0
    assert (out / "b.wav").stat().st_mtime_ns > before


def test_without_out_it_is_named_after_folder_and_model(folder, tiny_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["render", "in", "--model", str(tiny_path)]) == 2
    made = [path for path in tmp_path.iterdir() if path.is_dir() and path.name.startswith("in-")]
    assert len(made) == 1 and len(list(made[0].iterdir())) == 3


@pytest.mark.parametrize(
    ("out", "wanted"), [("file", "is a file"), ("in", "is the folder of the inputs")]
)
def test_bad_targets(folder, tmp_path, out, wanted):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=wanted):
        next(render_folder(folder, tmp_path / out, lambda *_: pytest.fail("played")))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="no audio or MIDI file"):
        inputs(tmp_path)


def test_names_do_not_collide():
    sources = [Path("x/A.wav"), Path("x/a.mid"), Path("x/b.wav")]
    assert [path.name for path in outputs(sources, Path("o")).values()] == [
        "A.wav.wav",
        "a.mid.wav",
        "b.wav",
    ]


def test_options_of_one_file_are_refused(folder, tiny_path, tmp_path, capsys):
    words = ["render", str(folder), "--model", str(tiny_path), "--picture", str(tmp_path / "a.png")]
    assert main(words) == 2
    assert "is a folder" in capsys.readouterr().err


def test_fit_leaves_midi_files_alone_and_fits_each_recording(folder, tiny_path, tmp_path, capsys):
    (folder / "bad.wav").unlink()
    t = np.arange(4 * 48_000) / 48_000
    soundfile.write(folder / "a.wav", 0.3 * np.sin(2 * np.pi * 55 * t), 48_000)
    soundfile.write(folder / "b.flac", 0.3 * np.sin(2 * np.pi * 330 * t), 48_000)
    words = ["render", str(folder), "--model", str(tiny_path), "--out", str(tmp_path / "out")]
    assert main([*words, "--fit"]) == 0
    fitted = [line for line in capsys.readouterr().err.splitlines() if "fitted" in line]
    assert len(fitted) == 2 and "pitch_shift" in fitted[0] and "a.wav" in fitted[0]
