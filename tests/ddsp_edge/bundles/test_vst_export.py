"""Both directions: the plug-in's loader (tests/vst_loader.py) takes what we export, and what it
takes plays here; and `models check` foretells what it says."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_decoder
import vst_loader
from conftest import Exports, decoder_and_info
from tiny_decoder import NOISE, tiny_model, vst_file, weights

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.bundles.vst_check import check_for_vst, would_take
from ddsp_edge.bundles.vst_export import write_vst
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.system.safe_zip import build_zip
from ddsp_edge.units import midi_to_hz

QUANTIZATIONS = ("none", "float16", "int8")


def _loads(data: bytes, folder: Path) -> vst_loader.Loaded:
    path = folder / "X.tflite"
    path.write_bytes(data)
    return vst_loader.load(path)


def _full_size(**options: bool) -> bytes:
    """Another maker's graph of DDSP-VST's sizes (the tests' own builder)."""
    return tiny_decoder.sized_model(512, 60, 65, **options)


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_what_we_export_is_loaded_and_says_the_same(
    exports: Exports, quantization: str, tmp_path: Path
) -> None:
    bundle = exports("vst", quantization)
    written = write_vst(bundle, tmp_path / "Seeded.zip")
    with zipfile.ZipFile(tmp_path / "Seeded.zip") as archive:
        assert archive.namelist()[0] == "Seeded/Seeded.tflite"
        archive.extractall(tmp_path / "Models")
    (loaded,) = vst_loader.search(tmp_path / "Models")
    assert (loaded.name, loaded.complaints) == ("Seeded", [])
    assert loaded.timestamp == bundle.info.export_time
    assert loaded.metadata["mean_min_pitch_note_hz"] == bundle.info.min_pitch_hz
    assert loaded.metadata["mean_max_power_note"] == bundle.info.max_loudness_db
    # Frame by frame, its names and our decoder's are the same numbers.
    decoder, out, state = Decoder(written), ControlFrame(60, 65), np.zeros(512, np.float32)
    for i in range(20):
        note, db = 50.0 + i, -60.0 + 2.0 * i
        said = loaded.call(note / 127.0, db / 80.0 + 1.0, state)
        state = said["StatefulPartitionedCall:3"]
        decoder.step(FeatureFrame(0.02 * i, float(midi_to_hz(note)), db), out)
        assert out.amplitude == pytest.approx(said["StatefulPartitionedCall:0"][0], rel=1e-4)
        np.testing.assert_allclose(
            out.harmonic_distribution, said["StatefulPartitionedCall:1"], rtol=1e-3, atol=1e-6
        )
        np.testing.assert_allclose(
            out.noise_magnitudes, said["StatefulPartitionedCall:2"], rtol=1e-3, atol=1e-7
        )


@pytest.mark.parametrize("reverse_inputs", [False, True])
@pytest.mark.parametrize("kind", ["tflite", "zip"])
def test_what_it_loads_plays_here_unchanged(
    kind: str, reverse_inputs: bool, tmp_path: Path
) -> None:
    theirs = vst_file(_full_size(reverse_inputs=reverse_inputs), num_harmonics=60,
                      num_noise_amps=65)  # fmt: skip
    loaded = _loads(theirs, tmp_path)
    assert loaded.complaints == []
    path = tmp_path / f"Horn.{kind}"
    other = {"Horn/checkpoint/ddsp.ckpt": b"weights", "Horn/Horn.tflite": theirs}
    path.write_bytes(theirs if kind == "tflite" else build_zip(other))
    bundle = read_bundle(path)
    assert (bundle.info.name, bundle.info.hop_s) == ("Horn", 0.02)
    out = ControlFrame(60, 65)
    Decoder(bundle).step(FeatureFrame(0.0, 440.0, -20.0), out)
    said = loaded.call(69 / 127, 0.75, np.zeros(512, np.float32))
    np.testing.assert_allclose(
        out.harmonic_distribution, said["StatefulPartitionedCall:1"], rtol=1e-4
    )


def _renamed(model: bytes) -> bytes:
    return model.replace(b"call_pw_scaled:0", b"call_pw_scalex:0")


def _first_byte_zero(model: bytes) -> bytes:
    return b"\0" + model[1:]


BAD = {
    "state of 6": lambda: tiny_model(),
    "name": lambda: _renamed(_full_size()),
    "damaged": lambda: _full_size()[:200],
    "not a model": lambda: b"just text, and long enough to be one",
    "first byte": lambda: _first_byte_zero(_full_size()),
    "4 noise bands": lambda: tiny_decoder.sized_model(512, 60, NOISE),
    "59 harmonics": lambda: tiny_decoder.sized_model(512, 59, 65),
    "edge": lambda: read_bundle(shipped("violin")).model,
}


def shipped(name: str) -> Path:
    from ddsp_edge.library.catalog import shipped_folder

    return shipped_folder() / f"{name}.zip"


@pytest.mark.parametrize("kind", BAD)
def test_what_it_refuses_is_foretold(kind: str, tmp_path: Path) -> None:
    data = vst_file(BAD[kind]())
    assert _loads(data, tmp_path).complaints
    assert not would_take(check_for_vst(data))


def test_what_it_takes_is_foretold(exports: Exports, tmp_path: Path) -> None:
    for model in (_full_size(), *(exports("vst", q).model for q in QUANTIZATIONS)):
        data = vst_file(model, num_harmonics=60, num_noise_amps=65)
        assert _loads(data, tmp_path).complaints == []
        rules = check_for_vst(data)
        assert all(rule.kept for rule in rules), [str(r) for r in rules if not r.kept]


def test_without_metadata_it_plays_and_shows_no_range(tmp_path: Path) -> None:
    bare = _full_size()
    loaded = _loads(bare, tmp_path)
    assert (loaded.complaints, loaded.metadata, loaded.timestamp) == ([], {}, "")
    rules = check_for_vst(bare)
    assert would_take(rules)
    assert [(r.name, r.required) for r in rules if not r.kept] == [("metadata", False)]


def test_a_zip_whose_offsets_do_not_count_the_model_is_not_found_by_juce(tmp_path: Path) -> None:
    behind = build_zip({"metadata.json": b"{}"})  # glued on: Python's zipfile would not mind
    data = _full_size() + behind
    assert _loads(data, tmp_path).metadata == {}
    assert any(r.name == "metadata" and not r.kept for r in check_for_vst(data))


def test_nothing_that_it_would_refuse_is_written(tmp_path: Path) -> None:
    info = replace(tiny_decoder.INFO, profile="vst", sample_rate=16000, frame_rate=50.0)
    with pytest.raises(UserError, match=r"not written: .*--profile vst.*512 float32"):
        write_vst(Bundle(info, tiny_model(weights())), tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_our_edge_instruments_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="exporting needs the extra `train`")
    shutil.copy(shipped("cello"), tmp_path)
    info = decoder_and_info("edge")[1]
    names = [r.name for r in check_for_vst(read_bundle(tmp_path / "cello.zip").model) if not r.kept]
    assert "size of call_state:0" in names and info.state_size != 512
