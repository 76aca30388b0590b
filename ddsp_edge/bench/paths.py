"""The kernel's paths: the same sources, compiled for less and less of the processor."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI

from ddsp_edge.bench.checkout import compiled_kernel, compiler
from ddsp_edge.bench.result import Result, against, best_s
from native.build_kernel import cdef

RATE, HARMONICS, BANDS, BLOCK = 48_000, 100, 65, 480
GOAL_NS = 0.25  #: an oscillator-sample, on the widest path
SCALAR = ("-DDDSP_PORTABLE", "-DDDSP_SCALAR", "-fno-tree-vectorize", "-fno-tree-slp-vectorize")


def flags() -> dict[str, tuple[str, ...]]:
    """Return compiler flags by name, the widest first; the first is the one that ships."""
    if platform.machine() in ("x86_64", "AMD64"):
        wide = {"AVX2": ()} if _has_avx2() else {}
        return {**wide, "SSE2": ("-DDDSP_PORTABLE",), "scalar": SCALAR}
    vectors = "NEON" if platform.machine() in ("aarch64", "arm64") else "baseline"
    return {vectors: (), "scalar": SCALAR}


def _has_avx2() -> bool:
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return "avx2" in words and "fma" in words


class PathVoice:
    """A voice of one path. Raises RuntimeError where it cannot be compiled."""

    def __init__(self, library: Path, harmonics: int, bands: int, rate: int = RATE) -> None:
        self._ffi = FFI()
        self._ffi.cdef(cdef())
        self._lib: Any = self._ffi.dlopen(str(library))
        self._voice = self._ffi.gc(self._lib.ddsp_voice_new(), self._lib.ddsp_voice_free)
        done = self._lib.ddsp_voice_prepare(self._voice, rate, 8192, harmonics, bands, rate / 2, 1)
        if done != 0:
            raise RuntimeError(f"ddsp_voice_prepare: {done}")

    def set_frame(
        self, f0_hz: float, level: float, weights: np.ndarray, bands: np.ndarray, ramp_s: float
    ) -> None:
        """Do the same as :meth:`native.kernel.Voice.set_frame`; the arrays must be float32."""
        cast = self._ffi.from_buffer
        self._lib.ddsp_voice_set_frame(
            self._voice, f0_hz, level, cast("float[]", weights), cast("float[]", bands), ramp_s
        )

    def render(self, out: np.ndarray) -> None:
        """Fill ``out`` (n,), float32, n <= 8192."""
        target = self._ffi.from_buffer("float[]", out, require_writable=True)
        self._lib.ddsp_voice_render(self._voice, target, len(out))


def libraries(folder: Path) -> dict[str, Path]:
    """Compile each path that can be compiled here as a library in ``folder``."""
    if compiler() is None:
        return {}
    return {
        name: compiled_kernel(folder / f"{name}.so", "-shared", "-fPIC", *extra)
        for name, extra in flags().items()
    }


def results() -> list[Result]:
    """Measure oscillators and noise on each path; nothing without a checkout and a compiler."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for path, library in libraries(Path(name)).items():
            oscillator = oscillator_ns(PathVoice(library, HARMONICS, 0))
            title = f"oscillator-sample, {path}"
            wide = path in ("AVX2", "NEON")
            found.append(
                against(title, oscillator, "ns", "goal", GOAL_NS)
                if wide
                else Result(title, oscillator, "ns")
            )
            us = noise_us(PathVoice(library, 0, BANDS, 16_000), 320)
            found.append(Result(f"noise, 20 ms at 16 kHz, {path}", us, "us"))
    return found


def oscillator_ns(voice: Any, harmonics: int = HARMONICS, block: int = BLOCK) -> float:
    """Return the nanoseconds for one harmonic of one sample while every control moves."""
    weights, none = np.ones(harmonics, np.float32), np.zeros(0, np.float32)
    out, f0_hz = np.zeros(block, np.float32), iter(range(10**9))

    def glide() -> None:
        for _ in range(10):
            voice.set_frame(110.0 + next(f0_hz) % 2, 0.5, weights, none, block / RATE)
            voice.render(out)

    return best_s(glide, 200) / (10 * block * harmonics) * 1e9


def noise_us(voice: Any, samples: int) -> float:
    """Return the microseconds for ``samples`` of noise in 65 bands."""
    voice.set_frame(0.0, 0.0, np.zeros(0, np.float32), np.ones(BANDS, np.float32), 0.005)
    out = np.zeros(samples, np.float32)

    def several() -> None:
        for _ in range(10):
            voice.render(out)

    return best_s(several, 200) / 10 * 1e6
