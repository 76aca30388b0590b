"""DDSP-VST's own format, at its full size, from torch to sound controls."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tflite_runtime_env
from conftest import Exports, decoder_and_info
from places import GOLDEN
from tiny_decoder import vst_file

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.bundles.metadata import VST_KEYS
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.tflite.check import check_tflite
from ddsp_edge.units import midi_to_hz


@pytest.fixture(scope="module")
def files(exports: Exports, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bare .tflite and a training zip, both of the sizes that DDSP-VST has."""
    from ddsp_edge.training.export.to_tflite import export_vst

    module, info = decoder_and_info("vst")
    folder, made = tmp_path_factory.mktemp("vst"), {}
    for kind, name in (("tflite", "Seeded.tflite"), ("zip", "training.zip")):
        made[kind] = folder / name
        export_vst(module, info, made[kind], steps=50)
    return made


def test_the_bare_file_is_a_model_with_a_zip_behind_it(files: dict[str, Path]) -> None:
    data = files["tflite"].read_bytes()
    assert data[4:8] == b"TFL3"
    with zipfile.ZipFile(files["tflite"]) as archive:
        said = json.loads(archive.read("metadata.json"))
        # JUCE's zip reader, which DDSP-VST uses, takes offsets from the file's start.
        offset = archive.infolist()[0].header_offset
        assert data[offset : offset + 4] == b"PK\x03\x04"
    assert tuple(said)[: len(VST_KEYS)] == VST_KEYS
    assert said["licence"] == "CC0 1.0"  # it must stay with the file
    assert (said["num_harmonics"], said["num_noise_amps"]) == (60, 65)


def test_the_training_zip_is_a_folder_with_the_model(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["zip"]) as archive:
        assert archive.namelist() == ["Seeded/Seeded.tflite"]
        assert archive.read("Seeded/Seeded.tflite") == files["tflite"].read_bytes()


@pytest.mark.parametrize("kind", ["tflite", "zip"])
def test_both_read_as_the_same_model(files: dict[str, Path], kind: str) -> None:
    bundle = read_bundle(files[kind])
    info = bundle.info
    assert (info.name, info.profile) == ("Seeded", "vst")
    assert (info.state_size, info.n_harmonics, info.n_noise) == (512, 60, 65)
    assert (info.hop_s, info.band_limit_hz) == (0.02, 8000.0)
    assert (check_tflite(bundle.model).state_size, info.quantization) == (512, "none")


def _steady(decoder: Decoder, f0_hz: float, loudness_db: float) -> ControlFrame:
    out = ControlFrame(60, 65)
    decoder.reset()
    for i in range(25):
        decoder.step(FeatureFrame(0.02 * i, f0_hz, loudness_db), out)
    return out


def test_it_plays_louder_when_asked_and_keeps_silence(files: dict[str, Path]) -> None:
    decoder = Decoder(find_model(files["tflite"]))
    silent, soft, loud = (_steady(decoder, 440.0, db).amplitude for db in (-80.0, -50.0, -10.0))
    assert silent < 10 ** (-70 / 20)
    assert soft > 10 * silent
    assert loud > 1.5 * soft
    assert decoder.faults == 0


def test_harmonics_above_8_khz_are_silent_as_trained(files: dict[str, Path]) -> None:
    decoder = Decoder(find_model(files["zip"]))
    for f0_hz in (220.0, 1000.5, 3000.0):
        share = _steady(decoder, f0_hz, -20.0).harmonic_distribution
        above = f0_hz * np.arange(1, 61) >= 8000.0
        assert not share[above].any()
        assert share[~above].all()
        assert share.sum() == pytest.approx(1.0, abs=1e-4)


def test_int8_weights_are_noticed(exports: Exports, tmp_path: Path) -> None:
    from ddsp_edge.training.export.to_tflite import export_vst

    module, info = decoder_and_info("vst")
    path = tmp_path / "Small.tflite"
    exported = export_vst(module, replace(info, quantization="int8"), path, steps=50)
    bundle = read_bundle(path)
    assert isinstance(bundle, Bundle)
    assert (bundle.info.name, bundle.info.quantization) == ("Small", "int8")
    assert exported.report.size_bytes < 2_000_000


KERAS_GRU = GOLDEN / "keras_gru.tflite"


@pytest.fixture
def keras_path(tmp_path: Path) -> Path:
    """A decoder that TensorFlow converted from Keras: three subgraphs, WHILE, dynamic tensors."""
    path = tmp_path / "Keras.tflite"
    path.write_bytes(vst_file(KERAS_GRU.read_bytes(), num_harmonics=6, num_noise_amps=5))
    return path


def _assert_golden(found: dict) -> None:
    with np.load(KERAS_GRU.with_suffix(".npz")) as wanted:
        for name in ("amplitude", "harmonics", "noise"):
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, atol=1e-7)


def _golden_track() -> tuple[np.ndarray, np.ndarray]:
    with np.load(KERAS_GRU.with_suffix(".npz")) as wanted:
        return midi_to_hz(127.0 * wanted["f0_scaled"]), 80.0 * (wanted["pw_scaled"] - 1.0)


def test_a_graph_of_tensorflow_s_own_plays_as_in_tensorflow(keras_path: Path) -> None:
    assert "WHILE" in check_tflite(read_bundle(keras_path).model).operators
    _assert_golden(tflite_runtime_env.decode(keras_path, *_golden_track()))


def test_a_graph_of_tensorflow_s_own_plays_on_tflite_runtime(
    keras_path: Path, tflite_env: tflite_runtime_env.Environment
) -> None:
    _assert_golden(tflite_env.decode(keras_path, *_golden_track()))


def test_above_8_khz_ddsp_vst_divides_by_zero_and_we_are_silent(keras_path: Path) -> None:
    decoder, out = Decoder(read_bundle(keras_path)), ControlFrame(6, 5)
    decoder.step(FeatureFrame(0.0, 9000.0, -20.0), out)
    assert (decoder.faults, out.amplitude) == (1, 0.0)
    decoder.step(FeatureFrame(0.02, 440.0, -20.0), out)
    assert (decoder.faults, out.amplitude > 0.0) == (1, True)
