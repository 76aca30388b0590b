"""The whole command on a toy instrument: recordings in, a bundle that plays out."""

import argparse
import importlib
import shlex
import signal

import extras_needed
import numpy as np
import pytest
import soundfile

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli import train
from ddsp_edge.cli.train_options import command_of
from ddsp_edge.training.plan import Plan
from ddsp_edge.training.recipes import RECIPES

extras_needed.skip_without_trainer()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    rate = 48_000
    for i in range(30):
        t = np.arange(int(1.0 * rate)) / rate
        f0_hz = 200.0 * 2 ** (i / 24)
        envelope = np.minimum(1, np.minimum(t / 0.05, (1.0 - t) / 0.1))
        tone = sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 8))
        soundfile.write(folder / f"{i:02d}.flac", 0.2 * envelope * tone, rate)
    return folder


def test_train_stop_resume_and_play(folder, tmp_path, capsys, monkeypatch):
    with capsys.disabled():  # torch logs to the stderr that it finds at its import, for good
        importlib.import_module("litert_torch")
    monkeypatch.chdir(tmp_path)
    command = ["train", str(folder), "--name", "Toy", "--single-notes", "--lowest", "150"]
    command += ["--highest", "900", "--warm-steps", "6", "--steps", "3", "--threads", "1"]
    command += ["--allow-failed-sweep"]  # it has learnt nothing yet
    # Few keys and loudnesses: what a sweep and a fit find is tested in calibration/.
    monkeypatch.setattr("ddsp_edge.calibration.fit.STEP_DB", 10.0)
    monkeypatch.setattr("ddsp_edge.calibration.sweep.swept_keys", lambda bundle: [48, 60, 72])
    assert cli.main(command) == 2  # half a minute of notes
    assert "at least 2 are needed" in capsys.readouterr().err
    assert (tmp_path / "runs/toy/report.png").stat().st_size > 10_000
    command += ["--least-minutes", "0", "--teacher-warm-steps", "5", "--teacher-steps", "2"]
    assert cli.main([*command, "--minutes", "0.0001"]) == 0
    assert "run the same command to go on" in capsys.readouterr().out
    assert not (tmp_path / "toy.zip").exists()
    assert cli.main(command) == 0
    said = capsys.readouterr()
    assert "first its teacher" in said.out and "now the small network" in said.out
    assert "held-out loss" in said.out and "nan" not in said.out
    assert "learning how it is played" in said.out
    # What torch and the converters print is in the log, not here.
    assert said.err == "" and (tmp_path / "runs/toy/export.log").exists()
    teacher = read_bundle(tmp_path / "runs/toy/teacher.zip")
    # What --out names and is there is refused before anything is computed.
    made = (tmp_path / "toy.zip").read_bytes()
    assert cli.main([*command, "--out", "toy.zip", "--work", "runs/no"]) == 2
    assert "toy.zip: exists already; add --force" in capsys.readouterr().err
    assert (tmp_path / "toy.zip").read_bytes() == made and not (tmp_path / "runs/no").exists()
    bundle = read_bundle(tmp_path / "toy.zip")
    assert bundle.info.name == "Toy" and bundle.info.quantization == "int8"
    for fact in ("held out", "Seed 1", "ddsp-edge train", "int8", "float32"):
        assert fact in bundle.card
    assert str(folder.parent) not in bundle.card
    assert bundle.info.expression is not None and "## Expression" in bundle.card
    assert len(bundle.preview) > 1000
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "in.wav", tone, 48_000)
    assert cli.main(["render", "in.wav", "--model", "toy.zip", "--out", "out.wav"]) == 0
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0]).max() > 0.01
    assert (teacher.info.state_size, bundle.info.state_size) == (96, 32)
    assert "the controls of Toy (" in bundle.card
    # A changed option is named; an instrument that is there teaches as well.
    assert cli.main([*command, "--steps", "4"]) == 2
    assert "--steps 3 (now 4)" in capsys.readouterr().err
    given = ["--teacher", "runs/toy/teacher.zip", "--work", "runs/again", "--minutes", "0"]
    assert cli.main([*command, *given]) == 0
    said = capsys.readouterr().out
    assert not (tmp_path / "toy-2.zip").exists()
    assert "its teacher" not in said and "stopped at step 0 of 9" in said


@pytest.fixture(scope="module")
def two_rooms(folder, tmp_path_factory):
    """The notes in a row, three times, in two subfolders."""
    rooms = tmp_path_factory.mktemp("rooms")
    line = np.concatenate([soundfile.read(path)[0] for path in sorted(folder.iterdir())])
    for name, shift in (("hall/1", 0), ("hall/2", 7), ("attic/3", 13)):
        (rooms / name).parent.mkdir(exist_ok=True)
        soundfile.write(rooms / f"{name}.flac", np.roll(line, 48_000 * shift), 48_000)
    return rooms


def trained_on(folder):
    """The command that trains the shipped violin on, with a response for each room."""
    command = ["train", str(folder), "--name", "On", "--lowest", "150", "--highest", "900"]
    command += ["--start", "violin", "--response", "--all-frames", "--steps", "2"]
    return [*command, "--threads", "1", "--allow-failed-sweep", "--least-minutes", "0"]


def test_each_subfolder_is_a_room_and_one_of_them_ships(two_rooms, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = trained_on(two_rooms)
    assert cli.main([*command, "--response-of", "cellar"]) == 2
    assert "the recordings' rooms are 'hall', 'attic'" in capsys.readouterr().err
    assert cli.main([*command, "--minutes", "0"]) == 0
    said = capsys.readouterr().out
    assert "a response each of 'hall', 'attic'; 'hall' ships" in said and "0 of 2" in said
    # Another room is another export of the same training.
    assert cli.main([*command, "--response-of", "attic", "--minutes", "0"]) == 0
    assert "'attic' ships" in capsys.readouterr().out


def test_trained_on_from_a_finished_one_with_a_response(two_rooms, tmp_path, capsys, monkeypatch):
    """--start, --response, --response-of and --all-frames, to the bundle."""
    with capsys.disabled():
        importlib.import_module("litert_torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ddsp_edge.calibration.fit.STEP_DB", 10.0)
    monkeypatch.setattr("ddsp_edge.calibration.sweep.swept_keys", lambda bundle: [57, 69])
    monkeypatch.setattr("ddsp_edge.cli.train._learn_expression", lambda *_: None)
    monkeypatch.setattr("ddsp_edge.training.fit.trainer.Trainer.RESPONSE_SHARE", 1e4)  # a hurry
    monkeypatch.setattr(Plan, "batch", 2)
    assert cli.main([*trained_on(two_rooms), "--response-of", "attic"]) == 0
    bundle = read_bundle(tmp_path / "on.zip")
    assert bundle.response is not None and bundle.info.response_gain > 0
    for fact in ("Trained on from Violin (", "of 2 rooms that of 'attic'", "--response-of attic",
                 "--start violin"):  # fmt: skip
        assert fact in bundle.card
    assert bundle.info.state_size == 32


def test_stopped_it_says_how_to_go_on(folder, tmp_path, capsys, monkeypatch):
    """Ctrl-C at the first step, which is never cut in half, and while recordings are prepared."""
    monkeypatch.chdir(tmp_path)
    command = ["train", str(folder), "--name", "Toy", "--single-notes", "--least-minutes", "0"]
    command += ["--warm-steps", "6", "--steps", "3", "--size", "large", "--teacher", "none"]

    def show(first, total):
        return lambda progress: signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(train, "_progress", show)
        assert cli.main(command) == 130
    said = capsys.readouterr().err.strip()
    assert "stopped at step 1 of 9" in said and "run the same command" in said

    def cut(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ddsp_edge.training.data.dataset.prepare", cut)
        assert cli.main(command) == 130
    assert "what is analysed is kept" in capsys.readouterr().err
    assert cli.main([*command, "--minutes", "0"]) == 0
    assert "going on from step 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{folder}"], "give the instrument a name"),
        (["{folder}", "--name", "a/b"], "without slashes"),
        (["{folder}", "--name", "A", "--lowest", "900", "--highest", "100"], "40 to 2000 Hz"),
        (["{folder}", "--name", "A", "--steps", "0", "--warm-steps", "0"], "nothing to train"),
        (["nowhere", "--name", "A"], "no such folder"),
        (["{folder}", "--name", "A", "--teacher", "nobody"], "nobody"),
        (["{folder}", "--name", "A", "--ray", "auto"], "only --sweep runs on a cluster"),
        (["{folder}", "--name", "A", "--response-of", "hall"], "give --response too"),
        (["{folder}", "--name", "A", "--response", "--room"], "give one of them"),
        (["{folder}", "--name", "A", "--start", "nobody"], "nobody"),
        (["{folder}", "--name", "A", "--start", "violin", "--size", "large"], "not trained on"),
        (["{folder}", "--name", "A", "--start", "violin", "--size", "tiny"], "no tiny network"),
        (["{folder}", "--name", "A", "--profile", "vst", "--size", "small"], "one size"),
        (["{folder}", "--name", "A", "--float32-out", "{folder}/00.flac"], "--float32-out another"),
    ],
)
def test_bad_input_is_one_line(words, message, folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *(w.format(folder=folder) for w in words)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]


def test_recipes_name_their_source_and_licence():
    for recipe in RECIPES.values():
        assert recipe.licence and len(recipe.attribution) > 20


@pytest.mark.parametrize(
    "words",
    [
        ["--recipe", "flute"],
        ["--name", "My Horn", "--single-notes", "--lowest", "60"],
        ["--name", "A", "--least-minutes", "0.5"],
        ["--name", "A", "--size", "large", "--teacher", "none", "--steps", "9"],
        ["--name", "A", "--teacher-steps", "9", "--warm-steps", "3"],
        ["--name", "A", "--start", "violin", "--response", "--response-of", "x y", "--all-frames"],
    ],
)
def test_the_card_names_a_command_that_says_the_same(words):
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    args = parser.parse_args(["train", "recordings", *words])
    command = shlex.split(command_of(args))
    assert command[0] == "ddsp-edge"
    assert vars(parser.parse_args(command[1:])) == vars(args)
