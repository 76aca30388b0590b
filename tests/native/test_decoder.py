"""Networks and decoders in C against the formula of their header, written out in NumPy."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import path_libraries
import pytest
from cffi import FFI
from hypothesis import given, settings
from hypothesis import strategies as st

import native.decoder
from ddsp_edge.units import scale_f0, scale_loudness
from native.build_kernel import cdef
from native.decoder import Layer, Network, NetworkDecoder, NetworkWeights

FLOOR = 10 ** (-80 / 20)


def layer(rng: np.random.Generator, n_in: int, n_out: int) -> Layer:
    spread = 1.5 / np.sqrt(n_in)
    return Layer(
        rng.normal(0, spread, (n_out, n_in)).astype(np.float32),
        rng.normal(0, 0.3, n_out).astype(np.float32),
    )


def weights(kind: str, seed: int = 1, **sizes: Any) -> NetworkWeights:
    """A network of random weights: kind is "gru", "means", "delays" or "both"."""
    rng = np.random.default_rng(seed)
    n_harmonics, n_noise = sizes.get("n_harmonics", 100), sizes.get("n_noise", 65)
    widths, state_size = sizes.get("widths", (32, 32)), sizes.get("state_size", 32)
    more: dict[str, Any] = {}
    n_means = 8 if kind in ("means", "both") else 0
    n_past = 12 if kind in ("delays", "both") else 0
    if kind != "gru":
        state_size = n_means + n_past
        more["mean_shares"] = tuple(np.repeat(1 / (1 + np.array([2.0, 8, 32, 128])), 2))[:n_means]
    dense = [2 + n_means, *widths]
    layers = tuple(layer(rng, a, b) for a, b in itertools.pairwise(dense))
    last = widths[-1]
    if n_past:
        more["past"] = layer(rng, n_past, widths[0])
    if kind == "gru":
        inputs = [last] * 3 + [state_size] * 3
        more["gates"] = tuple(layer(rng, n, state_size) for n in inputs)
        merged = sizes.get("merged", 64)
        more["merge"] = (layer(rng, last, merged), layer(rng, state_size, merged))
        last = merged
    return NetworkWeights(
        n_harmonics=n_harmonics,
        n_noise=n_noise,
        state_size=state_size,
        pitch=(0.5, 8.0),
        loudness=(0.6, 4.0),
        leak=0.1,
        gain=(1.0, 4 * np.log(10), FLOOR),
        amplitude_limits=(-6.0, 4.0),
        noise_limits=(-16.0, 3.0),
        layers=layers,
        amplitude=layer(rng, last, 1),
        harmonics=layer(rng, last, n_harmonics),
        noise=layer(rng, last, n_noise),
        **more,
    )


def apply(each: Layer, x: np.ndarray) -> np.ndarray:
    return each.weights.astype(float) @ x + each.bias


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


class Reference:
    """The header's formula in float64."""

    def __init__(self, w: NetworkWeights) -> None:
        self.w, self.state = w, np.zeros(w.state_size)

    def step(self, f0_hz: float, loudness_db: float) -> tuple[float, np.ndarray, np.ndarray]:
        w = self.w
        f0, pw = float(scale_f0(f0_hz)), float(scale_loudness(loudness_db))
        now = np.array([(f0 - w.pitch[0]) * w.pitch[1], (pw - w.loudness[0]) * w.loudness[1]])
        x, means, past = now, np.zeros(0), self.state
        if w.mean_shares:
            n = len(w.mean_shares)
            many = np.tile(now, n // 2)
            means, past = self.state[:n], self.state[n:]
            means = means + np.array(w.mean_shares) * (many - means)
            x = np.concatenate([now, many - means])
        for i, each in enumerate(w.layers):
            x = apply(each, x)
            if i == 0 and w.past is not None:
                x = x + apply(w.past, past)
            x = np.where(x > 0, x, w.leak * x)
        if w.gates:
            before = self.state
            gates = [apply(g, x if i < 3 else before) for i, g in enumerate(w.gates)]
            reset, update = sigmoid(gates[0] + gates[3]), sigmoid(gates[1] + gates[4])
            new = np.tanh(gates[2] + reset * gates[5])
            self.state = new + update * (before - new)
            x = apply(w.merge[0], x) + apply(w.merge[1], self.state)
            x = np.where(x > 0, x, w.leak * x)
        else:
            following = np.concatenate([now, past[:-2]]) if w.past is not None else past
            self.state = np.concatenate([means, following])
        gain = max(0.0, np.exp((pw - w.gain[0]) * w.gain[1]) - w.gain[2])
        harmonics = apply(w.harmonics, x)
        harmonics = np.exp(harmonics - harmonics.max())
        return (
            float(gain * np.exp(np.clip(apply(w.amplitude, x), *w.amplitude_limits))[0]),
            harmonics / harmonics.sum(),
            gain * np.exp(np.clip(apply(w.noise, x), *w.noise_limits)),
        )


def track(frames: int, seed: int = 3) -> list[tuple[float, float]]:
    """Glides, leaps, rests: (Hz, dB)."""
    rng = np.random.default_rng(seed)
    f0 = 220 * 2 ** np.cumsum(rng.normal(0, 0.05, frames))
    f0[frames // 3 :] *= 1.5
    loudness = np.clip(-30 + np.cumsum(rng.normal(0, 2, frames)), -79, 0)
    loudness[frames // 2 : frames // 2 + 10] = -80
    return [(float(a), float(b)) for a, b in zip(np.clip(f0, 20, 4000), loudness, strict=True)]


def assert_follows(w: NetworkWeights, frames: int = 200) -> None:
    decoder, reference = NetworkDecoder(Network(w)), Reference(w)
    for f0_hz, loudness_db in track(frames):
        amplitude, harmonics, noise = reference.step(f0_hz, loudness_db)
        controls = decoder.step(f0_hz, loudness_db)
        assert controls.f0_hz == np.float32(f0_hz)
        np.testing.assert_allclose(controls.amplitude, amplitude, rtol=1e-4, atol=1e-10)
        np.testing.assert_allclose(controls.harmonic_distribution, harmonics, rtol=1e-4, atol=1e-12)
        np.testing.assert_allclose(controls.noise_magnitudes, noise, rtol=1e-4, atol=1e-10)
        np.testing.assert_allclose(decoder.state, reference.state, atol=1e-5)
    assert decoder.faults == 0


SIZES: list[dict[str, Any]] = [
    {},
    {"widths": (96, 64), "state_size": 96, "merged": 96},
    {"n_harmonics": 1, "n_noise": 2, "widths": (1,), "state_size": 1, "merged": 1},
    {"n_harmonics": 128, "n_noise": 129, "widths": (33, 21, 9), "state_size": 41, "merged": 50},
    {"n_harmonics": 37, "n_noise": 20, "widths": (512,), "state_size": 512, "merged": 512},
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("kind", ["gru", "means", "delays", "both"])
def test_the_header_tells_what_is_computed(kind: str, sizes: dict[str, Any]) -> None:
    assert_follows(weights(kind, **sizes))


def test_every_path_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """AVX2, SSE2 and scalar builds: each against the formula."""
    paths = path_libraries.made()
    if not paths:
        pytest.skip("no C compiler")
    for library in paths.values():
        ffi = FFI()
        ffi.cdef(cdef())
        monkeypatch.setattr(native.decoder, "ffi", ffi)
        monkeypatch.setattr(native.decoder, "lib", ffi.dlopen(str(library)))
        for kind in ("gru", "both"):
            assert_follows(weights(kind, widths=(33, 21), state_size=41), 50)


def test_voices_share_a_network_and_not_their_past() -> None:
    network = Network(weights("gru"))
    one, two, fresh = NetworkDecoder(network), NetworkDecoder(network), NetworkDecoder(network)
    for _ in range(20):
        one.step(880.0, -10.0)
    after = two.step(220.0, -30.0).harmonic_distribution.copy()
    np.testing.assert_array_equal(fresh.step(220.0, -30.0).harmonic_distribution, after)
    one.reset()
    np.testing.assert_array_equal(one.step(220.0, -30.0).harmonic_distribution, after)


def test_what_is_not_finite_is_silent_counted_and_forgotten() -> None:
    """A weight of NaN that only high notes reach: the next low one plays again."""
    w = weights("gru")
    poisoned = w.layers[0].weights.copy()
    poisoned[0] = 0.0
    bias = w.layers[0].bias.copy()
    bias[0] = np.nan
    decoder = NetworkDecoder(Network(w))
    plain = decoder.step(220.0, -20.0).harmonic_distribution.copy()
    decoder.state[3] = np.inf
    controls = decoder.step(220.0, -20.0)
    assert decoder.faults == 1 and controls.amplitude == 0.0
    assert not controls.harmonic_distribution.any() and not controls.noise_magnitudes.any()
    assert not decoder.state.any()
    np.testing.assert_array_equal(decoder.step(220.0, -20.0).harmonic_distribution, plain)
    assert decoder.faults == 1
    broken = NetworkDecoder(Network(NetworkWeights(**{
        **{name: getattr(w, name) for name in w.__dataclass_fields__},
        "layers": (Layer(poisoned, bias), *w.layers[1:]),
    })))  # fmt: skip
    assert broken.step(220.0, -20.0).amplitude == 0.0 and broken.faults == 1


@pytest.mark.parametrize("f0_hz", [0.0, -1.0, np.nan, np.inf, 1e-40])
def test_no_pitch_counts_as_none(f0_hz: float) -> None:
    decoder, other = (NetworkDecoder(Network(weights("gru"))) for _ in range(2))
    controls = decoder.step(f0_hz, np.nan)
    assert controls.f0_hz == 0.0
    np.testing.assert_array_equal(
        controls.harmonic_distribution, other.step(0.0, -80.0).harmonic_distribution
    )
    assert decoder.faults == 0


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["gru", "means", "delays", "both"]),
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 10**6),
            st.floats(width=32, allow_nan=True, allow_infinity=True),
        ),
        max_size=6,
    ),
    st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=6),
)
def test_hostile_weights_and_inputs_never_leave(
    kind: str, places: list[tuple[int, int, float]], frames: list[tuple[float, float]]
) -> None:
    w = weights(kind, n_harmonics=12, n_noise=9, widths=(9, 8), state_size=7, merged=10)
    layers = [*w.layers, w.amplitude, w.harmonics, w.noise, *w.gates, *w.merge]
    for which, at, value in places:
        target = layers[which % len(layers)].weights
        target.reshape(-1)[at % target.size] = value
    decoder = NetworkDecoder(Network(w))
    for f0_hz, loudness_db in [*frames, (220.0, -20.0)]:
        with np.errstate(over="ignore"):
            inputs = [float(np.clip(v, -3e38, 3e38)) for v in (f0_hz, loudness_db)]
        controls = decoder.step(*inputs)
        assert 0.0 <= controls.amplitude < 60.0
        for array in (controls.harmonic_distribution, controls.noise_magnitudes, decoder.state):
            assert np.isfinite(array).all()
        total = float(controls.harmonic_distribution.sum())
        assert abs(total - 1.0) < 1e-3 or (total == 0.0 and decoder.faults)


def test_sizes_that_do_not_fit_are_refused() -> None:
    w = weights("gru")
    fields = {name: getattr(w, name) for name in w.__dataclass_fields__}
    with pytest.raises(ValueError, match="outside the range"):
        Network(NetworkWeights(**{**fields, "n_noise": 64}))
    with pytest.raises(ValueError, match="at most 8 layers"):
        Network(NetworkWeights(**{**fields, "layers": w.layers * 5}))
    wrong = Layer(w.noise.weights, w.noise.bias[:-1])
    with pytest.raises(ValueError, match="a layer of shapes"):
        Network(NetworkWeights(**{**fields, "noise": wrong}))
