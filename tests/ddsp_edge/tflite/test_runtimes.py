"""The choice of runtime, and what both runtimes make of the same bundle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tflite_runtime_env
import tiny_decoder
from conftest import Exports

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.runtimes import RUNTIMES, RuntimeMissing, load_runtime, usable_runtimes
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from ddsp_edge.training.export.drift import check_track
from ddsp_edge.units import midi_to_hz
from native.kernel import Voice

Environment = tflite_runtime_env.Environment


def test_litert_is_the_first_choice() -> None:
    assert next(iter(RUNTIMES)) == "litert"
    name, interpreter = load_runtime()
    assert name in usable_runtimes()
    assert hasattr(interpreter, "invoke")


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDSP_EDGE_RUNTIME", "litert")
    assert load_runtime()[0] == "litert"
    monkeypatch.setenv("DDSP_EDGE_RUNTIME", "onnx")
    with pytest.raises(UserError, match=r"\$DDSP_EDGE_RUNTIME 'onnx': choose one of litert"):
        load_runtime()
    assert load_runtime("litert")[0] == "litert"


def test_no_runtime_names_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNTIMES, "litert", ("no_such_module_a", "pip install a"))
    monkeypatch.setitem(RUNTIMES, "tflite-runtime", ("no_such_module_b", "pip install b"))
    with pytest.raises(RuntimeMissing, match=r"pip install a.*pip install b"):
        load_runtime()


def test_tflite_runtime_under_numpy_2_is_refused_before_it_fails() -> None:
    if int(np.__version__.split(".")[0]) < 2:
        pytest.skip("this environment has NumPy 1")
    with pytest.raises(RuntimeMissing, match=r"numpy<2|cannot be loaded"):
        load_runtime("tflite-runtime")


def test_a_model_that_the_runtime_refuses() -> None:
    with pytest.raises(UserError, match="refuses the model"):
        Session(b"\x18\0\0\0TFL3" + bytes(100), INPUT_NAMES, OUTPUT_NAMES, None)


def test_nothing_is_printed(tiny_path: Path) -> None:
    code = (
        "import sys; from ddsp_edge.bundles.bundle import read_bundle; "
        "from ddsp_edge.decoding.decoder import Decoder; Decoder(read_bundle(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_path)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_playing_needs_neither_torch_nor_the_schema(tiny_path: Path) -> None:
    """The device has no torch, and the import of LiteRT's schema costs as much as all the rest."""
    code = (
        "import sys; from ddsp_edge.library.catalog import find_model; "
        "from ddsp_edge.decoding.decoder import Decoder; Decoder(find_model(sys.argv[1])); "
        "heavy = {'torch', 'scipy', 'matplotlib', 'ai_edge_litert.schema_py_generated'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _track(steps: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """f0_hz and loudness_db of the exporter's check track."""
    f0_scaled, pw_scaled = check_track(steps)
    return midi_to_hz(f0_scaled * 127.0), (pw_scaled - 1.0) * 80.0


def _difference_db(a: dict, b: dict) -> float:
    """Mean level difference of all partials and noise bands above -70 dB of the loudest."""
    total = 0.0
    for levels in (
        lambda c: c["amplitude"][:, None] * c["harmonics"] / c["harmonics"].sum(1, keepdims=True),
        lambda c: c["noise"],
    ):
        x, y = levels(a), levels(b)
        floor = x.max() * 10 ** (-70 / 20)
        heard = x > floor
        ratio = np.maximum(y[heard], floor) / x[heard]
        total = max(total, float(np.mean(np.abs(20 * np.log10(ratio)))))
    return total


def test_both_runtimes_agree_on_the_tiny_decoder(tiny_path: Path, tflite_env: Environment) -> None:
    here = tflite_runtime_env.decode(tiny_path, *_track(100))
    there = tflite_env.decode(tiny_path, *_track(100))
    assert (str(here["runtime"]), str(there["runtime"])) == ("litert", "tflite-runtime")
    for name in ("amplitude", "harmonics", "noise"):
        np.testing.assert_allclose(there[name], here[name], rtol=1e-5)


def test_a_loop_plays_on_both_runtimes(tmp_path: Path, tflite_env: Environment) -> None:
    bundle = tiny_decoder.tiny_bundle()
    path, plain = tmp_path / "loop.zip", tmp_path / "plain.zip"
    write_bundle(plain, bundle)
    write_bundle(path, tiny_decoder.replace(bundle, model=tiny_decoder.looping_model()))
    wanted = tflite_runtime_env.decode(plain, *_track(50))
    for found in (
        tflite_runtime_env.decode(path, *_track(50)),
        tflite_env.decode(path, *_track(50)),
    ):
        for name in ("amplitude", "harmonics", "noise"):
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)


@pytest.mark.parametrize("kind", ["edge", "vst"])
@pytest.mark.parametrize("arithmetic", ["float", "int8"])
def test_int8_is_within_a_fifth_of_a_decibel_of_float32_on_both_runtimes(
    exports: Exports, tflite_env: Environment, kind: str, arithmetic: str
) -> None:
    track = _track()
    plain, small = exports(kind), exports(kind, "int8", arithmetic)
    assert plain.path is not None
    assert small.path is not None
    wanted = tflite_runtime_env.decode(plain.path, *track)
    assert _difference_db(wanted, tflite_env.decode(plain.path, *track)) < 0.001
    assert _difference_db(wanted, tflite_runtime_env.decode(small.path, *track)) <= 0.2
    assert _difference_db(wanted, tflite_env.decode(small.path, *track)) <= 0.2


def _render(controls: dict, f0_hz: np.ndarray, info: ModelInfo) -> np.ndarray:
    """The frames through the kernel at 48 kHz, mono."""
    voice = Voice(48000, info.n_harmonics, info.n_noise, info.band_limit_hz)
    hop = round(48000 * info.hop_s)
    out = np.zeros((len(f0_hz), hop), np.float32)
    for i, block in enumerate(out):
        voice.set_frame(
            float(f0_hz[i]),
            float(controls["amplitude"][i]),
            controls["harmonics"][i],
            controls["noise"][i],
            info.hop_s,
        )
        voice.render(block)
    return out.reshape(-1)


def _spectral_difference_db(a: np.ndarray, b: np.ndarray, size: int = 2048) -> float:
    """Mean difference of all spectrogram cells within 70 dB of the loudest of either."""
    window = np.hanning(size)
    x, y = (
        np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(s, size)[::512] * window))
        for s in (a, b)
    )
    floor = x.max() * 10 ** (-70 / 20)
    heard = np.maximum(x, y) > floor
    return float(np.mean(np.abs(20 * np.log10((y[heard] + floor) / (x[heard] + floor)))))


def test_a_render_of_int8_is_within_a_fifth_of_a_decibel_on_both_runtimes(
    exports: Exports, tflite_env: Environment
) -> None:
    f0_hz, loudness_db = _track(1000)
    plain, small = exports("edge"), exports("edge", "int8")
    assert plain.path is not None
    assert small.path is not None
    wanted = _render(tflite_runtime_env.decode(plain.path, f0_hz, loudness_db), f0_hz, plain.info)
    assert np.abs(wanted).max() > 0.01  # it sounds
    for controls in (
        tflite_runtime_env.decode(small.path, f0_hz, loudness_db),
        tflite_env.decode(small.path, f0_hz, loudness_db),
    ):
        sound = _render(controls, f0_hz, small.info)
        assert _spectral_difference_db(wanted, sound) <= 0.2
