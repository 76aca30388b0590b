"""The trainer's inner loops on numpy arrays. The only file that touches their ffi and lib.

Any thread; the interpreter lock is let go while they run. ``AVAILABLE`` says whether they were
built; calling them otherwise is a RuntimeError.
"""

from __future__ import annotations

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


def spectral(ours: np.ndarray, theirs: np.ndarray, floor: float) -> tuple[float, float]:
    """Sums of ``|a - b|`` and ``|log(a + floor) - log(b + floor)|`` over two spectra's magnitudes.

    Both (frames, bins) complex64 with the last bin Nyquist. ``ours`` is replaced by the gradient
    of the two sums together, in the form that ``irfft(norm="forward")`` turns into that by the
    windowed samples.
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
        _pointer(sums, np.float64, "double *"),
    )
    return float(sums[0]), float(sums[1])
