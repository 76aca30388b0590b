"""ddsp-edge models list | info | check, as a user types them."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_decoder
from tiny_decoder import INFO, tiny_bundle, vst_file

from ddsp_edge import library
from ddsp_edge.bundle import write_bundle
from ddsp_edge.cli import models
from ddsp_edge.errors import UserError


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["models", *words])
    return int(args.run(args))


@pytest.fixture
def folder(models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path / "shipped")
    return models_folder


def test_an_empty_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("list") == 0
    assert "no models are installed" in capsys.readouterr().out
    assert _run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bundle(folder / "tiny.zip", tiny_bundle())
    (folder / "Horn.tflite").write_bytes(vst_file())
    (folder / "bad.zip").write_text("nonsense")
    assert _run("list") == 0
    bad, horn, tiny = capsys.readouterr().out.splitlines()
    assert "cannot be used" in bad
    assert "neither a model bundle nor" in bad
    assert "DDSP-VST, 16 kHz, 20 ms" in horn
    assert tiny.split() == (
        ["tiny", "48", "kHz,", "5", "ms,", "147", "to", "1480", "Hz,", "CC0", "1.0", "[user]"]
    )


def test_list_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bundle(folder / "tiny.zip", tiny_bundle())
    (folder / "bad.zip").write_text("nonsense")
    assert _run("list", "--json") == 0
    bad, tiny = json.loads(capsys.readouterr().out)
    assert (bad["ok"], bad["metadata"]) == (False, None)
    assert "nonsense" not in bad["problem"]
    assert (tiny["ok"], tiny["problem"], tiny["origin"]) == (True, "", "user")
    assert tiny["metadata"] == INFO.as_json()


def test_info(tiny_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("info", str(tiny_path)) == 0
    out = capsys.readouterr().out
    for words in ("Tiny", "48000 Hz", "every 5 ms", "5 harmonics, 4 noise", "CC0 1.0", "# Tiny"):
        assert words in out
    assert _run("info", str(tiny_path), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert {key: said[key] for key in INFO.as_json()} == INFO.as_json()
    assert said["card"] == tiny_decoder.CARD


def test_info_of_an_unknown_name(folder: Path) -> None:
    with pytest.raises(UserError, match="no model is called 'vioin'"):
        _run("info", "vioin")


def test_check_of_a_good_file(tiny_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("check", str(tiny_path)) == 0
    assert capsys.readouterr().out.startswith("OK: Tiny")
    assert _run("check", str(tiny_path), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["problems"]) == (True, [])
    assert "litert" in said["runtimes"]


def _wrong_shapes(path: Path) -> None:
    path.write_bytes(vst_file(num_harmonics=60))


def _truncated(path: Path) -> None:
    write_bundle(path, tiny_bundle())
    path.write_bytes(path.read_bytes()[:-100])


def _text(path: Path) -> None:
    path.write_text("just text")


def _folder(path: Path) -> None:
    path.mkdir()


def _not_numbers(path: Path) -> None:
    w = tiny_decoder.weights()
    w.head_bias[:] = 200.0
    write_bundle(path, replace(tiny_bundle(), model=tiny_decoder.tiny_model(w)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_wrong_shapes, "n_harmonics 60, its model has 5"),
        (_truncated, "cut off"),
        (_text, "neither a model bundle nor"),
        (_folder, "is a folder"),
        (_not_numbers, "not numbers"),
        (lambda path: None, "No such file"),
    ],
    ids=["wrong shapes", "truncated", "text", "folder", "not numbers", "missing"],
)
def test_check_of_a_bad_file_gives_one_line_and_2(
    make: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.zip"
    make(path)  # type: ignore[operator]
    assert _run("check", str(path)) == 2
    line = capsys.readouterr().out
    assert line.startswith("bad: ")
    assert len(line.splitlines()) == 1
    assert words in line
    assert str(path) in line
    assert _run("check", str(path), "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert not said["ok"]
    assert words in said["problems"][0]
