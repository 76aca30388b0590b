"""Our networks are read out of their files; the C decoder then says what LiteRT says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.network import UnknownGraphError, read_network
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from ddsp_edge.units import scale_f0, scale_loudness
from native.decoder import Network, NetworkDecoder

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/golden"
SHIPPED = sorted((ROOT / "ddsp_edge/models").glob("*.zip"))
FILES = [
    *SHIPPED,
    GOLDEN / "violin-float32.tflite",
    GOLDEN / "means-int8.tflite",
    GOLDEN / "delays-float16.tflite",
    GOLDEN / "means_delays-int8.tflite",
]


def model_of(path: Path) -> bytes:
    return read_bundle(path).model if path.suffix == ".zip" else path.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_c_decoder_says_what_litert_says(path: Path) -> None:
    """Over pitch and loudness with states of their own, to a hundredth of a decibel."""
    model = model_of(path)
    session = Session(model, INPUT_NAMES, OUTPUT_NAMES, None)
    decoder = NetworkDecoder(Network(read_network(model)))
    state = np.zeros_like(session.inputs[2])
    rng = np.random.default_rng(5)
    for f0_hz in np.geomspace(30, 4000, 12):
        for loudness_db in (-75.0, *rng.uniform(-60, 0, 6), -80.0):
            f0_hz = float(np.float32(f0_hz))
            loudness_db = float(np.float32(loudness_db))
            session.inputs[0][:] = scale_f0(f0_hz)
            session.inputs[1][:] = scale_loudness(loudness_db)
            session.inputs[2][:] = state
            session.step()
            state = session.outputs[3].copy()
            controls = decoder.step(f0_hz, loudness_db)
            amplitude, harmonics, noise = (each[0] for each in session.outputs[:3])
            np.testing.assert_allclose(controls.amplitude, amplitude[0], rtol=1e-3, atol=1e-8)
            np.testing.assert_allclose(
                controls.harmonic_distribution, harmonics, rtol=1e-3, atol=1e-8
            )
            np.testing.assert_allclose(controls.noise_magnitudes, noise, rtol=1e-3, atol=1e-8)
            np.testing.assert_allclose(decoder.state, state[0], atol=1e-4)
    assert decoder.faults == 0


def test_sizes_and_constants_are_the_files_own() -> None:
    weights = read_network(model_of(ROOT / "ddsp_edge/models/violin.zip"))
    assert (weights.n_harmonics, weights.n_noise, weights.state_size) == (100, 65, 32)
    assert [each.weights.shape for each in weights.layers] == [(32, 2), (32, 32)]
    assert weights.leak == pytest.approx(0.1)
    assert weights.gain == pytest.approx((1.0, 4 * np.log(10), 1e-4))
    assert weights.amplitude_limits == (-6.0, 4.0) and weights.noise_limits == (-16.0, 3.0)
    means = read_network(model_of(GOLDEN / "means_delays-int8.tflite"))
    assert means.mean_shares == pytest.approx((1 / 3, 1 / 3, 1 / 9, 1 / 9))
    assert means.past is not None and means.past.weights.shape[1] == 10


def test_a_foreign_graph_is_unknown() -> None:
    with pytest.raises(UnknownGraphError, match=r"subgraphs|comes from"):
        read_network(model_of(GOLDEN / "keras_gru.tflite"))
    with pytest.raises(UnknownGraphError):
        read_network(b"no model at all")


@pytest.mark.parametrize("path", [SHIPPED[0], FILES[-1]], ids=lambda path: path.stem)
def test_a_changed_graph_is_never_read_wrong(path: Path) -> None:
    """Every byte of the graph's description changed in turn: refused, or the same network as
    LiteRT plays, or one whose numbers are still the file's own."""
    model = model_of(path)
    rng = np.random.default_rng(11)
    read = 0
    for _ in range(300):
        changed = bytearray(model)
        at = int(rng.integers(0, len(model)))
        changed[at] ^= int(rng.integers(1, 256))
        try:
            weights = read_network(bytes(changed))
        except UnknownGraphError:
            continue
        read += 1
        try:
            decoder = NetworkDecoder(Network(weights))
        except ValueError:
            continue
        for f0_hz in (100.0, 1000.0):
            controls = decoder.step(f0_hz, -20.0)
            assert np.isfinite(controls.amplitude)
            assert np.isfinite(controls.harmonic_distribution).all()
    assert read  # most bytes are weights
