"""Networks and their decoders (``ddsp_decoder.h``) as Python classes.

A :class:`Network` never changes and may be shared by threads; everything else belongs to one
thread. Frames are the C structs, seen through NumPy without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from native._kernel import ffi, lib
from native.kernel import _check

MAX_STATE: int = lib.DDSP_MAX_STATE
MAX_UNITS: int = lib.DDSP_MAX_UNITS
MAX_LAYERS: int = lib.DDSP_MAX_LAYERS


@dataclass(frozen=True)
class Layer:
    """A dense layer: ``bias`` (n_out,) + ``weights`` (n_out, n_in) times the inputs."""

    weights: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class NetworkWeights:
    """``ddsp_network_weights``; the header says what is computed and within which bounds.

    ``gates`` (six) and ``merge`` (two) are empty for a network with running means.
    """

    n_harmonics: int
    n_noise: int
    state_size: int
    pitch: tuple[float, float]  #: (centre, slope) of f0_scaled
    loudness: tuple[float, float]  #: (centre, slope) of pw_scaled
    leak: float
    gain: tuple[float, float, float]  #: (centre, slope, floor)
    amplitude_limits: tuple[float, float]  #: of the exponents, lowest and highest
    noise_limits: tuple[float, float]
    layers: tuple[Layer, ...]
    amplitude: Layer
    harmonics: Layer
    noise: Layer
    gates: tuple[Layer, ...] = ()
    merge: tuple[Layer, ...] = ()
    mean_shares: tuple[float, ...] = ()
    past: Layer | None = None


class Network:
    """The weights of one model, prepared for playing. Raises ValueError where sizes do not fit."""

    def __init__(self, weights: NetworkWeights) -> None:
        self.n_harmonics, self.n_noise = weights.n_harmonics, weights.n_noise
        self.state_size = weights.state_size
        self._network = ffi.gc(lib.ddsp_network_new(), lib.ddsp_network_free)
        if self._network == ffi.NULL:
            raise MemoryError("ddsp_network_new")
        keep: list[Any] = []  # until the weights are copied
        _check(
            lib.ddsp_network_prepare(self._network, _as_struct(weights, keep)),
            f"network({weights.n_harmonics} harmonics, {weights.n_noise} noise bands, "
            f"state of {weights.state_size}, {len(weights.layers)} layers)",
        )


def _as_struct(weights: NetworkWeights, keep: list[Any]) -> Any:
    if len(weights.layers) > MAX_LAYERS or len(weights.gates) > 6 or len(weights.merge) > 2:
        raise ValueError(f"a network has at most {MAX_LAYERS} layers, 6 gates and 2 merged")
    struct = ffi.new("ddsp_network_weights *")
    for name in ("n_harmonics", "n_noise", "state_size", "leak"):
        setattr(struct, name, getattr(weights, name))
    struct.pitch_centre, struct.pitch_slope = weights.pitch
    struct.loudness_centre, struct.loudness_slope = weights.loudness
    struct.gain_centre, struct.gain_slope, struct.gain_floor = weights.gain
    struct.amplitude_low, struct.amplitude_high = weights.amplitude_limits
    struct.noise_low, struct.noise_high = weights.noise_limits
    shares = np.asarray(weights.mean_shares, np.float32)
    struct.mean_shares, struct.n_means = _floats(shares, keep), len(shares)
    struct.n_layers = len(weights.layers)
    for name in ("layers", "gates", "merge"):
        for i, layer in enumerate(getattr(weights, name)):
            _fill(getattr(struct, name)[i], layer, keep)
    for name in ("past", "amplitude", "harmonics", "noise"):
        layer = getattr(weights, name)
        if layer is not None:
            _fill(getattr(struct, name), layer, keep)
    return struct


def _floats(array: np.ndarray, keep: list[Any]) -> Any:
    array = np.ascontiguousarray(array, np.float32)
    keep.append(array)
    return ffi.cast("float *", ffi.from_buffer(array)) if array.size else ffi.NULL


def _fill(struct: Any, layer: Layer, keep: list[Any]) -> None:
    if layer.weights.ndim != 2 or layer.bias.shape != layer.weights.shape[:1]:
        raise ValueError(f"a layer of shapes {layer.weights.shape} and {layer.bias.shape}")
    struct.n_out, struct.n_in = layer.weights.shape
    struct.weights, struct.bias = _floats(layer.weights, keep), _floats(layer.bias, keep)


class ControlStruct:
    """A ``ddsp_control_frame``; the arrays are its memory, as long as this object lives."""

    def __init__(self, n_harmonics: int, n_noise: int) -> None:
        self.struct = ffi.new("ddsp_control_frame *")
        whole = np.frombuffer(ffi.buffer(self.struct), np.float32)
        size = ffi.sizeof("float")
        harmonics = ffi.offsetof("ddsp_control_frame", "harmonic_distribution") // size
        noise = ffi.offsetof("ddsp_control_frame", "noise_magnitudes") // size
        self.harmonic_distribution = whole[harmonics : harmonics + n_harmonics]
        self.noise_magnitudes = whole[noise : noise + n_noise]

    @property
    def f0_hz(self) -> float:
        return float(self.struct.f0_hz)

    @property
    def amplitude(self) -> float:
        return float(self.struct.amplitude)


class NetworkDecoder:
    """Decodes the frames of one voice with a network (``ddsp_decoder_step``); one thread's."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._state = ffi.new("ddsp_decoder_state *")
        self._in = ffi.new("ddsp_feature_frame *")
        self.controls = ControlStruct(network.n_harmonics, network.n_noise)
        whole = np.frombuffer(ffi.buffer(self._state), np.float32)
        self.state = whole[: network.state_size]  #: its memory: what was played

    @property
    def faults(self) -> int:
        """Count of frames in which the network gave NaN or infinity, since construction."""
        return int(self._state.faults)

    def reset(self) -> None:
        """Set the network's state to what it is before the first frame."""
        lib.ddsp_decoder_reset(self._state)

    def step(self, f0_hz: float, loudness_db: float) -> ControlStruct:
        """Decode one frame of Hz and dB; return the same object each time."""
        self._in.f0_hz, self._in.loudness_db = f0_hz, loudness_db
        lib.ddsp_decoder_step(self.network._network, self._state, self._in, self.controls.struct)
        return self.controls


def time_steps(network: Network, steps: int, repeats: int) -> float:
    """Return the seconds of one step, the best of ``repeats`` runs of ``steps``, measured in C."""
    nanoseconds = lib.ddsp_decoder_time(network._network, steps, repeats)
    return float(nanoseconds) * 1e-9
