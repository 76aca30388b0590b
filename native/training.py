"""The trainer's inner loops on numpy arrays. The only file that touches their ffi and lib.

Any thread; the interpreter lock is let go while they run. ``AVAILABLE`` says whether they were
built; calling them otherwise is a RuntimeError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

try:
    from native._training import ffi, lib
except ImportError:  # pragma: no cover - where nobody compiled it
    ffi = lib = None

AVAILABLE = lib is not None


def _pointer(array: np.ndarray, dtype: type, ctype: str) -> Any:
    if lib is None:
        raise RuntimeError("native._training is not built: python native/build_training.py")
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise ValueError(f"wanted a contiguous array of {dtype.__name__}")
    return ffi.cast(ctype, array.ctypes.data)


def harmonic(amplitudes: np.ndarray, phase: np.ndarray, count: np.ndarray, hop: int) -> np.ndarray:
    """Sum of sines, (segments * hop,) float32.

    ``amplitudes`` (segments + 1, n) float32, ramped linearly from row to row; ``phase``
    (segments * hop,) uint32 of the fundamental, 2**32 a turn; ``count`` (segments,) int32: how
    many harmonics sound. Raises ValueError for other shapes or types.
    """
    segments, n = _sizes(amplitudes.shape, phase, count, hop)
    out = np.empty(segments * hop, np.float32)
    lib.ddsp_training_harmonic(
        _pointer(amplitudes, np.float32, "float *"),
        _pointer(phase, np.uint32, "uint32_t *"),
        _pointer(count, np.int32, "int32_t *"),
        segments,
        hop,
        n,
        _pointer(out, np.float32, "float *"),
    )
    return out


def harmonic_gradient(
    sample_gradient: np.ndarray, phase: np.ndarray, count: np.ndarray, hop: int, n: int
) -> np.ndarray:
    """The gradient by the amplitudes of :func:`harmonic`, (segments + 1, n) float32."""
    segments, n = _sizes((len(count) + 1, n), phase, count, hop)
    if sample_gradient.shape != phase.shape:
        raise ValueError("the gradient and the phase differ in length")
    out = np.empty((segments + 1, n), np.float32)
    lib.ddsp_training_harmonic_gradient(
        _pointer(sample_gradient, np.float32, "float *"),
        _pointer(phase, np.uint32, "uint32_t *"),
        _pointer(count, np.int32, "int32_t *"),
        segments,
        hop,
        n,
        _pointer(out, np.float32, "float *"),
    )
    return out


def _sizes(
    shape: tuple[int, ...], phase: np.ndarray, count: np.ndarray, hop: int
) -> tuple[int, int]:
    segments, n = shape[0] - 1, shape[1]
    if hop < 1 or count.shape != (segments,) or phase.shape != (segments * hop,) or n > 512:
        raise ValueError(f"{shape} amplitudes, {count.shape} counts, {phase.shape} phases")
    if segments and not 0 <= count.min() <= count.max() <= n:
        raise ValueError(f"counts of {count.min()} to {count.max()} of {n} harmonics")
    return segments, n


def spectral(
    ours: np.ndarray, theirs: np.ndarray, floor: float, least: float = 0.0
) -> tuple[float, float]:
    """Sums of ``|a - b|`` and ``|log(a + floor) - log(b + floor)|`` over two spectra's magnitudes.

    In the logarithms, magnitudes below ``least`` count as that. Both (frames, bins) complex64
    with the last bin Nyquist. ``ours`` is replaced by the gradient of the two sums together, in
    the form that ``irfft(norm="forward")`` turns into that by the windowed samples.
    """
    if ours.shape != theirs.shape or ours.ndim != 2 or ours.shape[1] < 2:
        raise ValueError(f"spectra of {ours.shape} and {theirs.shape}")
    sums = np.zeros(2)
    lib.ddsp_training_spectral(
        _pointer(ours, np.complex64, "float *"),
        _pointer(theirs, np.complex64, "float *"),
        len(ours),
        ours.shape[1],
        floor,
        least,
        _pointer(sums, np.float64, "double *"),
    )
    return float(sums[0]), float(sums[1])


class GruSteps:
    """The time steps of a gated recurrent unit between their matrix products, in place.

    All arrays are float32 and C-contiguous: ``gates`` (steps, rows, 3 * size), ``news`` and
    ``states`` (steps, rows, size), ``product`` (rows, 3 * size), ``bias_new`` (size,); and for the
    gradients ``outer`` as states, ``slope`` (rows, size), ``by_gate`` as gates. What each holds is
    said in native/include/ddsp_training.h. Raises ValueError for other shapes or types.
    """

    def __init__(
        self, gates: np.ndarray, news: np.ndarray, states: np.ndarray, product: np.ndarray
    ) -> None:
        self.steps, self.rows, self.size = states.shape
        self.gates, self.news, self.states = self._all(gates, 3), self._all(news), self._all(states)
        self.product = _shaped(product, (self.rows, 3 * self.size))

    def forward(self, bias_new: np.ndarray) -> Callable[[int], None]:
        """Return what goes from ``product`` and a step's sums to its gates and state."""
        bias = _shaped(bias_new, (self.size,))
        others = self.product, bias, self.gates, self.news, self.states
        return self._step(lib.ddsp_training_gru_forward, others)

    def backward(
        self, outer: np.ndarray, slope: np.ndarray, by_gate: np.ndarray
    ) -> Callable[[int], None]:
        """Return what computes a step's gradients; that by the product goes to ``product``."""
        by_state = _shaped(slope, (self.rows, self.size))
        by_sum = self._all(by_gate, 3)
        known = self.gates, self.news, self.states, self._all(outer)
        return self._step(lib.ddsp_training_gru_backward, (*known, by_state, by_sum, self.product))

    def _all(self, array: np.ndarray, parts: int = 1) -> _Floats:
        return _shaped(array, (self.steps, self.rows, parts * self.size))

    def _step(self, function: Any, arrays: tuple[_Floats, ...]) -> Callable[[int], None]:
        pointers = [array.pointer for array in arrays]

        def step(at: int, keep: object = arrays) -> None:
            if not 0 <= at < self.steps:
                raise ValueError(f"step {at} of {self.steps}")
            function(at, self.rows, self.size, *pointers)

        return step


@dataclass(frozen=True)
class _Floats:
    """An array and the pointer to it, which lives no longer."""

    array: np.ndarray
    pointer: Any


def _shaped(array: np.ndarray, shape: tuple[int, ...]) -> _Floats:
    if array.shape != shape:
        raise ValueError(f"an array of {array.shape} instead of {shape}")
    return _Floats(array, _pointer(array, np.float32, "float *"))
