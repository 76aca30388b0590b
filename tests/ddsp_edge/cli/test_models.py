"""ddsp-edge models, as a user types it."""

from __future__ import annotations

import argparse
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_decoder
from tiny_decoder import INFO, tiny_bundle, vst_file

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.cli import models
from ddsp_edge.errors import UserError
from ddsp_edge.library import catalog
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.safe_zip import build_zip


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["models", *words])
    return int(args.run(args))


@pytest.fixture
def folder(models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "shipped")
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
        [
            "tiny",
            "48",
            "kHz,",
            "5",
            "ms,",
            "147",
            "to",
            "1480",
            "Hz,",
            "licence",
            "CC0",
            "1.0",
            "[user]",
        ]
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
    out = capsys.readouterr().out
    assert out.startswith("OK: Tiny")
    assert "DDSP-VST would not take it" in out
    assert "NO   size of call_state:0: 6 float32; it wants 512 float32" in out
    assert "yes  names of inputs: right, in any order" in out
    assert _run("check", str(tiny_path), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["problems"]) == (True, [])
    assert "litert" in said["runtimes"]
    assert said["ddsp_vst"]["takes"] is False
    assert {rule["rule"] for rule in said["ddsp_vst"]["rules"] if not rule["kept"]} >= {"metadata"}


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
    line, *vst = capsys.readouterr().out.splitlines()
    assert line.startswith("bad: ")
    assert not vst or vst[0].startswith("DDSP-VST would not take it")
    assert words in line
    assert str(path) in line
    assert _run("check", str(path), "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert not said["ok"]
    assert words in said["problems"][0]


def test_add_list_play_and_remove(
    folder: Path, tiny_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("add", str(tiny_path)) == 0
    assert "--model tiny" in capsys.readouterr().out
    assert (folder / "tiny.zip").read_bytes() == tiny_path.read_bytes()
    assert find_model("tiny").info == INFO
    assert _run("add", str(tiny_path)) == 0
    assert "was there already" in capsys.readouterr().out
    assert _run("remove", "Tiny") == 0
    assert str(folder / "tiny.zip") in capsys.readouterr().out
    assert not list(folder.glob("*.zip"))


def test_a_bare_tflite_and_a_training_zip_are_added_unchanged(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, zipped = tmp_path / "Horn.tflite", tmp_path / "download.zip"
    bare.write_bytes(vst_file())
    zipped.write_bytes(build_zip({"Oboe/Oboe.tflite": vst_file(), "Oboe/notes.txt": b"x"}))
    assert _run("add", str(bare), "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "horn"
    assert _run("add", str(zipped)) == 0
    assert (folder / "oboe.zip").read_bytes() == zipped.read_bytes()
    with zipfile.ZipFile(folder / "horn.zip") as archive:
        assert archive.read("Horn/Horn.tflite") == vst_file()
    for name in ("horn", "oboe"):
        assert find_model(name).model == tiny_decoder.tiny_model()


def test_add_refuses_to_overwrite_without_force(folder: Path, tiny_path: Path) -> None:
    other = tiny_path.with_name("other.zip")
    write_bundle(other, tiny_bundle(licence="CC BY 4.0"))
    _run("add", str(tiny_path))
    with pytest.raises(UserError, match=r"a model is called 'tiny' already.*--force"):
        _run("add", str(other))
    assert find_model("tiny").info.licence == "CC0 1.0"
    assert _run("add", str(other), "--name", "Second") == 0
    assert find_model("second").info.licence == "CC BY 4.0"
    assert _run("add", str(other), "--force") == 0
    assert find_model("tiny").info.licence == "CC BY 4.0"


def test_force_replaces_a_file_that_was_copied_there_by_hand(folder: Path, tiny_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "Tiny.tflite").write_bytes(vst_file())
    with pytest.raises(UserError, match="called 'tiny' already"):
        _run("add", str(tiny_path))
    assert _run("add", str(tiny_path), "--force") == 0
    assert [p.name for p in folder.iterdir() if p.suffix] == ["tiny.zip"]


def test_shipped_models_stay(tmp_path: Path, tiny_path: Path) -> None:
    with pytest.raises(UserError, match="'violin' comes with ddsp-edge; choose another --name"):
        _run("add", str(tiny_path), "--name", "violin")
    with pytest.raises(UserError, match="'violin' comes with ddsp-edge and cannot be removed"):
        _run("remove", "violin")
    assert _run("add", str(tiny_path), "--name", "violin", "--force") == 0
    assert find_model("violin").info.name == "Tiny"
    assert _run("remove", "violin") == 0
    assert find_model("violin").info.name == "Violin"


@pytest.mark.parametrize("make", [_wrong_shapes, _truncated, _text, _folder, _not_numbers])
def test_what_is_bad_is_not_added(make: object, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    make(path)  # type: ignore[operator]
    with pytest.raises(UserError) as caught:
        _run("add", str(path))
    assert str(path) in str(caught.value) and ".staging" not in str(caught.value)
    assert not [p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"]


@pytest.mark.parametrize("name", ["", "../up", "a b", "-x", "x" * 65])
def test_a_name_that_is_none(name: str, tiny_path: Path) -> None:
    with pytest.raises(UserError, match="letters, digits"):
        _run("add", str(tiny_path), f"--name={name}")


def test_remove_says_what_there_is(folder: Path, tiny_path: Path) -> None:
    with pytest.raises(UserError, match="no model of yours is called 'tiny'; there is none in"):
        _run("remove", "tiny")
    _run("add", str(tiny_path))
    with pytest.raises(UserError, match=r"did you mean 'tiny'\? yours: tiny"):
        _run("remove", "tinny")
    with pytest.raises(UserError, match="give its name, 'tiny', not a file"):
        _run("remove", str(tiny_path))


def test_export_vst(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    full = tiny_decoder.sized_model(512, 60, 65)
    Path("Horn.tflite").write_bytes(vst_file(full, num_harmonics=60, num_noise_amps=65))
    _run("add", "Horn.tflite")
    assert _run("export-vst", "horn") == 0
    assert "Documents/Magenta/DDSP/Models" in capsys.readouterr().out
    with zipfile.ZipFile("horn-vst.zip") as archive:
        assert archive.namelist() == ["Horn/Horn.tflite"]
    assert _run("check", "horn-vst.zip") == 0
    assert "DDSP-VST would take it" in capsys.readouterr().out
    before = Path("horn-vst.zip").stat().st_mtime_ns
    assert _run("export-vst", "horn") == 0
    assert Path("horn-vst-2.zip").read_bytes() == Path("horn-vst.zip").read_bytes()
    with pytest.raises(UserError, match=r"horn-vst.zip: exists already; add --force"):
        _run("export-vst", "horn", "--out", "horn-vst.zip")
    assert Path("horn-vst.zip").stat().st_mtime_ns == before
    assert _run("export-vst", "horn", "--out", "horn-vst.zip", "--force") == 0
    assert Path("horn-vst.zip").stat().st_mtime_ns != before
    with pytest.raises(UserError, match=r"name it X.zip"):
        _run("export-vst", "horn", "--out", "x.wav")
    with pytest.raises(UserError, match="the input itself"):
        _run("export-vst", "Horn.tflite", "--out", "Horn.tflite")


def test_an_edge_model_cannot_be_exported_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"one shape of model only .* Violin has 48 kHz.*"
                       r"ddsp-edge train FOLDER --name 'Violin' --profile vst"):  # fmt: skip
        _run("export-vst", "violin", "--out", str(tmp_path / "v.zip"))
    assert not (tmp_path / "v.zip").exists()
