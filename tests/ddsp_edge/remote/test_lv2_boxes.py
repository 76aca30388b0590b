"""Models on boxes with another LV2 host, through a real sshd: put, replaced, listed, removed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.remote import lv2_boxes
from ddsp_edge.remote.lv2_boxes import KINDS, model_folder, put

FLUTE = shipped_folder() / "flute.zip"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_kind(monkeypatch: pytest.MonkeyPatch, home: Path, name: str) -> Path:
    """Let the box be of a kind, with root folders in its home; its LV2 folder."""
    kinds = []
    for kind in KINDS:
        folder = kind.folder.replace("~", str(home))
        inside = folder if folder.startswith(str(home)) else f"{home}{folder}"
        markers = kind.markers if kind is KINDS[-1] else tuple(f"{home}{m}" for m in kind.markers)
        kinds.append(replace(kind, folder=inside, markers=markers))
        if kind.name == name and kind is not KINDS[-1]:
            Path(markers[0]).mkdir(parents=True)
    monkeypatch.setattr(lv2_boxes, "KINDS", tuple(kinds))
    return Path(next(kind.folder for kind in kinds if kind.name == name))


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_there_and_back_on_each_kind(
    lv2_box: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    folder = as_kind(monkeypatch, lv2_box, name)
    kind = lv2_boxes.kind_named(name)
    code, out, err = run(capsys, "deploy", FLUTE, "pedal", "--lv2")
    assert code == 0, err
    assert out.startswith(f"flute added on pedal ({kind.title}), in {folder}; {kind.then}")
    put_there = folder / "ddsp-edge-model-flute.lv2"
    found = {str(path.relative_to(put_there)) for path in put_there.rglob("*") if path.is_file()}
    assert found == {"SHA256SUMS", "manifest.ttl", "models/flute.ddspw", "presets.ttl"}
    assert [path.name for path in folder.iterdir()] == [put_there.name], "nothing else is left"
    code, out, _ = run(capsys, "deploy", FLUTE, "pedal", "--lv2", "--json")
    (row,) = json.loads(out)
    assert code == 0 and row["news"] == "replaced" and row["host_kind"] == kind.title
    code, out, _ = run(capsys, "remote", "list", "pedal", "--lv2")
    assert code == 0 and out == f"pedal ({kind.title}), {folder}: flute\n"
    code, out, _ = run(capsys, "remote", "remove", "flute", "pedal", "--lv2")
    assert code == 0 and not any(folder.iterdir())
    code, _, err = run(capsys, "remote", "remove", "flute", "pedal", "--lv2")
    assert code == 1 and "is not there" in err


def test_lilv_finds_the_preset_beside_the_shipped_one(
    lv2_box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("lv2info") is None:
        pytest.skip("no lv2info: apt-get install lilv-utils")
    folder = lv2_box / "a folder's"
    assert run(capsys, "deploy", FLUTE, "pedal", "--lv2-folder", "~/a folder's")[0] == 0
    own = lv2_box / "own" / "ddsp-edge.lv2"
    own.mkdir(parents=True)
    native = Path(__file__).resolve().parents[3] / "native" / "lv2"
    for name in ("effect.ttl", "instrument.ttl"):
        shutil.copy(native / name, own)
    (own / "ddsp-edge.so").touch()  # it is not loaded
    code, _, err = run(capsys, "models", "export-lv2", "flute", "--out", own)
    assert code == 0, err
    env = os.environ | {"LV2_PATH": f"{folder}:{own.parent}:/usr/lib/lv2", "LC_ALL": "C"}
    command = ["lv2info", "urn:ddsp-edge:effect"]
    told = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120).stdout
    presets = told.partition("Presets:")[2].partition("\n\n")[0].split("\n")
    name = read_bundle(FLUTE).info.name
    assert [each.strip() for each in presets].count(name) == 2, told


@pytest.mark.parametrize("what", ["cut", "altered"])
def test_what_comes_broken_changes_nothing(lv2_box: Path, what: str) -> None:
    folder = lv2_box / "lv2"
    data = model_folder(read_bundle(FLUTE), "flute")
    assert put("pedal", str(folder), "flute", data)["news"] == "added"
    model = folder / "ddsp-edge-model-flute.lv2" / "models" / "flute.ddspw"
    before = model.read_bytes()
    at = data.index(b"DDSPEDGE") + 5000
    broken = data[:at] if what == "cut" else data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises(UserError, match="pedal: what came is not whole"):
        put("pedal", str(folder), "flute", broken)
    assert model.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["ddsp-edge-model-flute.lv2"]


def test_a_damaged_model_is_listed_as_such(
    lv2_box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "deploy", FLUTE, "pedal", "--lv2", "--name", "my-flute")[0] == 0
    folder = lv2_box / ".lv2"
    (folder / "ddsp-edge-model-my-flute.lv2" / "models" / "my-flute.ddspw").write_bytes(b"?")
    strange = folder / "ddsp-edge-model-\x1b[31m\nerror x.lv2"
    strange.mkdir()
    (strange / "SHA256SUMS").touch()
    (folder / "somebody-elses.lv2").mkdir()
    code, out, _ = run(capsys, "remote", "list", "pedal", "--lv2", "--json")
    (row,) = json.loads(out)
    names = [model["name"] for model in row["models"]]
    assert code == 0 and names == ["my-flute"] and row["models"][0]["whole"] is False
    code, out, _ = run(capsys, "remote", "list", "pedal", "--lv2")
    assert code == 0 and out.endswith(": my-flute (damaged)\n")


def test_several_boxes_and_one_that_is_off(
    lv2_box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "deploy", FLUTE, "pedal", "off", "--lv2")
    assert code == 1 and out.startswith("flute added on pedal (")
    assert err.startswith("failed: off: ssh has no connection (")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--lv2", "--name", "../x"), "no name of a model on a box"),
        (("--lv2", "--sign", "key"), "checks no signature"),
        (("--lv2-folder", "relative"), "name a folder from the root"),
    ],
)
def test_what_is_refused(
    lv2_box: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    code, _, err = run(capsys, "deploy", FLUTE, "pedal", *words)
    assert code in (1, 2) and why in err and "Traceback" not in err
    assert list(lv2_box.iterdir()) == []
