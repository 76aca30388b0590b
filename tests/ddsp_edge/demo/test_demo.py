"""``ddsp-edge demo``: what it writes, and a second time into the same folder."""

import json
import os

import soundfile
from tiny_decoder import tiny_bundle

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.demo import gallery
from ddsp_edge.library import catalog

SOUNDS = ("tune-on-cello.wav", "voice-as-violin.wav")


def test_a_second_demo_replaces_the_files_of_the_first(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    for name in SOUNDS:
        (out / name).write_bytes(b"of an earlier run")
    # 1: a figure of time may miss its limit on a busy machine.
    assert cli.main(["demo", "--no-play", "--no-picture", "--json", "--out", str(out)]) in (0, 1)
    pieces = json.loads(capsys.readouterr().out)["pieces"]
    assert sorted(os.path.basename(piece["out"]) for piece in pieces) == list(SOUNDS)
    assert sorted(os.listdir(out)) == list(SOUNDS)
    assert all(soundfile.info(out / name).duration > 1 for name in SOUNDS)


def test_all_replaces_too(tmp_path, capsys, models_folder, monkeypatch):
    models_folder.mkdir()
    write_bundle(models_folder / "flute.zip", tiny_bundle(name="Flute"))
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "none")
    monkeypatch.setattr(gallery, "GALLERY", gallery.GALLERY[:1])
    folder = tmp_path / "out"
    words = ["demo", "--all", "--json", "--no-picture", "--out", str(folder)]
    cli.main(words)
    capsys.readouterr()
    assert cli.main(words) in (0, 1)
    pieces = json.loads(capsys.readouterr().out)["pieces"]
    assert [piece["name"] for piece in pieces] == ["voice-as-flute", "phrase-flute"]
    assert all(piece["out"] == str(folder / f"{piece['name']}.wav") for piece in pieces)
    assert not [name for name in os.listdir(folder) if name.endswith("-2.wav")]
