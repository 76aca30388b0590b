"""What `make models` calls: each shipped instrument with its own options, after its check."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli import train_shipped
from ddsp_edge.cli.parser import parser_of
from ddsp_edge.cli.train_options import command_of, network_of, recipe_of
from ddsp_edge.errors import UserError
from ddsp_edge.training.data import checklist
from ddsp_edge.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[3]


def commands_of(name: str, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands without a look at the recordings, which are not here."""
    monkeypatch.setattr(checklist, "verify", lambda name, audio: audio / RECIPES[name].folder)
    return train_shipped.commands_of(
        name, Path("audio"), Path("runs"), Path("models"), Path("golden")
    )


@pytest.mark.parametrize("name", [*RECIPES, "trained on"])
def test_the_words_are_those_of_the_train_command(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "trained on":
        recipe = replace(RECIPES["violin"], start_options="--steps 3", options="--response")
        name = "violin"
        monkeypatch.setitem(RECIPES, name, recipe)
    *before, words = commands_of(name, monkeypatch)
    args = parser_of("train").parse_args(words)
    assert recipe_of(args) == RECIPES[name]
    network_of(args)
    assert len(before) == bool(RECIPES[name].start_options)
    for first in map(parser_of("train").parse_args, before):
        assert args.start == str(first.out) and first.work != args.work
        assert first.folder == args.folder and recipe_of(first) == RECIPES[name]
        assert network_of(first) == ("small", True) and not first.response
    assert args.out.is_absolute() and args.work.is_absolute() and args.folder.is_absolute()
    assert args.out.name == f"{name}.zip" and args.force
    assert (args.float32_out is not None) == (name in ("violin", "cello"))
    assert ("recordings" in args.folder.parts) == (name == "trumpet")


@pytest.mark.parametrize("name", RECIPES)
def test_the_options_are_those_that_the_card_tells(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = re.search(r"The command that remakes it: `(.+)`", _card(name))
    assert told is not None
    words = commands_of(name, monkeypatch)[-1]
    command = command_of(parser_of("train").parse_args(words))
    for option in ("--warm-steps", "--steps"):
        found = [re.search(rf"{option} (\d+)", text) for text in (told[1], command)]
        assert found[0] is None or (found[1] is not None and found[0][1] == found[1][1])


def _card(name: str) -> str:
    return read_bundle(ROOT / "ddsp_edge" / "models" / f"{name}.zip").card


def test_missing_recordings_are_named_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train_shipped.main([str(tmp_path), "oboe"]) == 2
    assert "philharmonia-samples" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert train_shipped.main([str(tmp_path), "kazoo"]) == 2
    assert "no recipe is called kazoo" in capsys.readouterr().err


def test_a_cluster_without_ray_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(checklist, "verify", lambda name, audio: audio)
    runs = str(tmp_path / "runs")
    assert train_shipped.main([str(tmp_path), "oboe", "--ray", "auto", "--runs", runs]) == 2
    assert "pip install 'ddsp-edge[sweep]'" in capsys.readouterr().err


def test_an_unknown_recipe_has_no_words() -> None:
    with pytest.raises(UserError, match="no recipe is called kazoo"):
        train_shipped.commands_of("kazoo", Path(), Path(), Path(), Path())


def test_commands_in_turn_end_at_the_first_that_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train_shipped.in_turn(["--version", train_shipped.THEN, "--version"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    words = ["models", "info", "nobody", train_shipped.THEN, "--version"]
    assert train_shipped.in_turn(words) == 2
    said = capsys.readouterr()
    assert said.out == "" and "nobody" in said.err


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_models_goes_on_where_the_trumpet_is_played_already(tmp_path: Path) -> None:
    python, told = tmp_path / "bin" / "python", tmp_path / "told"
    python.parent.mkdir()
    # Stands for the trainer, which takes hours: it makes the folder that follows --out.
    python.write_text(f'#!/bin/sh\necho "$2" >>{told}\n[ "$5" != --out ] || mkdir -p "$6"\n')
    python.chmod(0o755)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "set-up.sh").write_text("exit 0\n")

    def made(*words: str) -> list[str]:
        told.write_text("")
        command = ["make", "-s", "-f", str(ROOT / "Makefile"), "BIN=bin", "models", *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        return told.read_text().split()

    font, train = "ddsp_edge.training.data.soundfont", "ddsp_edge.cli.train_shipped"
    assert made("NAMES=clarinet oboe") == [train]
    assert made() == [font, train]
    assert (tmp_path / "runs" / "recordings" / "trumpet").is_dir()
    assert made() == made("NAMES=trumpet") == [train]
