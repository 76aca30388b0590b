"""A trained (here: a fresh) network becomes a bundle, or DDSP-VST's zip, with all its figures."""

import io
import json
import zipfile
from pathlib import Path

import extras_needed
import numpy as np
import pytest
import soundfile
import vst_loader

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.bundles.metadata import Room
from ddsp_edge.errors import UserError
from ddsp_edge.training.profiles import EDGE

torch = pytest.importorskip("torch", reason="the train extra is not installed")
extras_needed.skip_without_trainer()

from ddsp_edge.training.export.build import build_bundle  # noqa: E402
from ddsp_edge.training.export.card import Baseline, Training, read_baseline  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Few keys and loudnesses: what a sweep and a fit find is tested in calibration/."""
    monkeypatch.setattr("ddsp_edge.calibration.fit.STEP_DB", 10.0)
    monkeypatch.setattr("ddsp_edge.calibration.sweep.swept_keys", lambda bundle: [48, 60, 72])


def _build(model, dataset, recipe, out: Path, allow=True, **told):
    training = Training(dataset, recipe, Plan(), **told)
    return build_bundle(model, training, out, say=lambda _: None, allow_failed_sweep=allow)


def _facts(card: str) -> dict:
    return json.loads(card.split("```json\n")[1].split("```")[0])


def test_an_edge_bundle_with_everything(toy_dataset, toy_recipe, tmp_path):
    from ddsp_edge.training.networks.model import EdgeDecoder

    torch.manual_seed(0)
    room = Room(0.4, 0.5, 0.2, 0.8, -12.0)
    measured = _build(
        EdgeDecoder(),
        toy_dataset,
        toy_recipe,
        tmp_path / "toy.zip",
        command="ddsp-edge train toy",
        seconds=3000.0,
        baseline=Baseline(5.25, "vst.gin, 100 steps"),
        room=room,
    )
    bundle = read_bundle(tmp_path / "toy.zip")
    info = bundle.info
    assert (info.profile, info.sample_rate, info.frame_rate) == ("edge", 48_000, 200.0)
    assert info.room == room
    assert info.loudness_map and info.heard_map and "## Sweep\n" in bundle.card
    for words in ("50 minutes of training", "| vst.gin, 100 steps | 5.250 |", "| int8 |",
                  "within 50 cents", "Loudness: correlation", "Trained pitch",
                  "Harmonics-to-noise ratio: "):  # fmt: skip
        assert words in bundle.card
    facts = _facts(bundle.card)
    assert facts["training_s"] == 3000.0 and facts["baseline"]["loss"] == 5.25
    assert facts["measured"]["tracking"]["f0_right"] == measured.tracking.f0_right
    # Untrained, it has the pitch by construction: that is the kernel's.
    assert measured.tracking.f0_right > 0.9 and measured.tracking.f0_cents < 15
    assert bundle.picture.startswith(b"\x89PNG") and len(bundle.picture) < 256 * 1024
    preview, rate = soundfile.read(io.BytesIO(bundle.preview))
    assert rate == EDGE.sample_rate and np.abs(preview).max() > 0.01
    assert (tmp_path / "toy.zip").stat().st_size < 1_000_000


def test_a_vst_zip_that_the_plug_in_takes(vst_dataset, toy_recipe, tmp_path):
    from ddsp_edge.training.networks.vst_model import VstModel

    torch.manual_seed(0)
    measured = _build(VstModel(), vst_dataset, toy_recipe, tmp_path / "toy.zip")
    bundle = read_bundle(tmp_path / "toy.zip")
    info = bundle.info
    assert (info.name, info.profile, info.sample_rate) == ("Toy", "vst", 16_000)
    assert (info.frame_rate, info.frame_size, info.quantization) == (50.0, 1024, "int8")
    assert (info.licence, info.attack_s) == ("CC0 1.0", round(measured.attack_s, 4))
    assert measured.size_bytes < 2_000_000
    with zipfile.ZipFile(tmp_path / "toy.zip") as archive:
        assert archive.namelist()[:2] == ["Toy/Toy.tflite", "Toy/MODEL_CARD.md"]
        archive.extractall(tmp_path / "Models")
    (loaded,) = vst_loader.search(tmp_path / "Models")
    assert (loaded.name, loaded.complaints) == ("Toy", [])
    assert loaded.metadata["mean_max_pitch_note_hz"] == info.max_pitch_hz
    assert info.loudness_map and loaded.metadata["loudness_map"] == info.loudness_map.as_json()


def test_a_model_that_does_not_pass_its_sweep_is_not_written(
    toy_dataset, toy_recipe, tmp_path, monkeypatch
):
    from ddsp_edge.training.networks.model import EdgeDecoder

    monkeypatch.setattr("ddsp_edge.calibration.calibrate.reasons", lambda swept: ["C4 squeaks"])
    out = tmp_path / "toy.zip"
    with pytest.raises(UserError, match=r"C4 squeaks.*--allow-failed-sweep"):
        _build(EdgeDecoder(), toy_dataset, toy_recipe, out, allow=False)
    assert not out.exists()


def test_one_that_rounding_changes_is_not_written_and_the_remedy_is_said(
    toy_dataset, toy_recipe, tmp_path, monkeypatch
):
    from ddsp_edge.training.networks.model import EdgeDecoder

    monkeypatch.setattr("ddsp_edge.training.export.build.MOST_DIFFERENCE_DB", -1.0)
    torch.manual_seed(0)
    out = tmp_path / "toy.zip"
    with pytest.raises(UserError, match=r"toy\.zip: not written.*--quantize float16"):
        _build(EdgeDecoder(), toy_dataset, toy_recipe, out)
    assert not out.exists()


def test_a_baseline_comes_from_a_file(tmp_path):
    path = tmp_path / "b.json"
    path.write_text('{"loss": 4.5, "text": "vst.gin", "more": 1}')
    assert read_baseline(path) == Baseline(4.5, "vst.gin")
    for bad in ("", "[]", '{"loss": 1}', '{"loss": "1", "text": "a"}', '{"loss": -1, "text": "a"}',
                '{"loss": 1, "text": "a\\nb"}'):  # fmt: skip
        path.write_text(bad)
        with pytest.raises(UserError, match=r"b\.json"):
            read_baseline(path)
