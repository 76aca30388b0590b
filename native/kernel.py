"""Voice, output and analyser of the kernel as Python classes, through cffi.

Each class owns one C object; the thread rules of ``ddsp_kernel.h`` apply: one thread at a time.
Arrays are C-contiguous float32; other dtypes are converted, wrong shapes raise ValueError.
"""

from __future__ import annotations

import numpy as np

from native._kernel import ffi, lib

MAX_HARMONICS: int = lib.DDSP_MAX_HARMONICS
MAX_NOISE_BANDS: int = lib.DDSP_MAX_NOISE_BANDS
MAX_BLOCK: int = lib.DDSP_MAX_BLOCK
MAX_RESPONSE: int = lib.DDSP_MAX_RESPONSE  #: samples: one second at the highest rate

#: One analysed frame, as the C struct ``ddsp_features``.
FEATURE_DTYPE = np.dtype(
    {
        "names": ["position", "f0_hz", "confidence", "loudness_db", "treble_db"],
        "formats": [np.int64, np.float32, np.float32, np.float32, np.float32],
        "offsets": [0, 8, 12, 16, 20],
        "itemsize": ffi.sizeof("ddsp_features"),
    }
)


def _check(status: int, what: str) -> None:
    if status == lib.DDSP_BAD_ARGUMENT:
        raise ValueError(f"{what}: a value is outside the range that ddsp_kernel.h states")
    if status == lib.DDSP_NO_MEMORY:
        raise MemoryError(what)


def _floats(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)


class Voice:
    """One voice: harmonic oscillator bank plus filtered noise (``ddsp_voice_*``).

    ``second``: bands and band limit (Hz) of a second noise, whose magnitudes follow the first's;
    ``n_noise`` then counts both.
    """

    def __init__(
        self,
        sample_rate: float,
        n_harmonics: int,
        n_noise: int,
        band_limit_hz: float,
        max_block: int = MAX_BLOCK,
        seed: int = 1,
        second: tuple[int, float] | None = None,
    ) -> None:
        self._voice = ffi.gc(lib.ddsp_voice_new(), lib.ddsp_voice_free)
        if self._voice == ffi.NULL:
            raise MemoryError("ddsp_voice_new")
        _check(
            lib.ddsp_voice_prepare(
                self._voice, sample_rate, max_block, n_harmonics, n_noise, band_limit_hz, seed
            ),
            f"voice(sample_rate={sample_rate}, max_block={max_block}, n_harmonics={n_harmonics}, "
            f"n_noise={n_noise}, band_limit_hz={band_limit_hz})",
        )
        if second is not None:
            _check(lib.ddsp_voice_prepare_second(self._voice, *second), f"voice(second={second})")
            n_noise += second[0]
        self.n_harmonics, self.n_noise, self.max_block = n_harmonics, n_noise, max_block

    def reset(self) -> None:
        lib.ddsp_voice_reset(self._voice)

    def set_frame(
        self,
        f0_hz: float,
        amplitude: float,
        harmonic_distribution: np.ndarray,
        noise_magnitudes: np.ndarray,
        ramp_s: float,
    ) -> None:
        """Set the targets of the next ramp; arrays of shapes (n_harmonics,) and (n_noise,)."""
        harmonics, noise = _floats(harmonic_distribution), _floats(noise_magnitudes)
        if harmonics.shape != (self.n_harmonics,) or noise.shape != (self.n_noise,):
            raise ValueError(
                f"frame of shapes {harmonics.shape} and {noise.shape}; this voice takes "
                f"({self.n_harmonics},) and ({self.n_noise},)"
            )
        lib.ddsp_voice_set_frame(
            self._voice,
            f0_hz,
            amplitude,
            ffi.from_buffer("float[]", harmonics),
            ffi.from_buffer("float[]", noise),
            ramp_s,
        )

    def render(self, out: np.ndarray) -> None:
        """Render the next samples into ``out``, mono float32 of any length."""
        buffer = ffi.from_buffer("float[]", out, require_writable=True)
        for start in range(0, len(buffer), self.max_block):
            lib.ddsp_voice_render(
                self._voice, buffer + start, min(self.max_block, len(buffer) - start)
            )

    def render_shared(self, bank: NoiseBank, out: np.ndarray, offset: int = 0) -> None:
        """Fill ``out`` (at most the bank's ``max_block``) with the harmonics; the noise goes into
        ``bank``, ``offset`` samples after its next one."""
        if offset < 0 or offset + len(out) > bank.max_block:
            raise ValueError(f"{offset} + {len(out)} samples; the bank takes {bank.max_block}")
        buffer = ffi.from_buffer("float[]", out, require_writable=True)
        lib.ddsp_voice_render_shared(self._voice, bank._bank, offset, buffer, len(buffer))


class NoiseBank:
    """One noise for several voices (``ddsp_noise_bank_*``); arguments as of :class:`Voice`."""

    def __init__(
        self,
        sample_rate: float,
        n_noise: int,
        band_limit_hz: float,
        max_block: int = MAX_BLOCK,
        seed: int = 1,
        second: tuple[int, float] | None = None,
    ) -> None:
        self._bank = ffi.gc(lib.ddsp_noise_bank_new(), lib.ddsp_noise_bank_free)
        if self._bank == ffi.NULL:
            raise MemoryError("ddsp_noise_bank_new")
        _check(
            lib.ddsp_noise_bank_prepare(
                self._bank, sample_rate, max_block, n_noise, band_limit_hz, seed
            ),
            f"noise bank(sample_rate={sample_rate}, max_block={max_block}, n_noise={n_noise}, "
            f"band_limit_hz={band_limit_hz})",
        )
        if second is not None:
            _check(
                lib.ddsp_noise_bank_prepare_second(self._bank, *second),
                f"noise bank(second={second})",
            )
        self.max_block = max_block

    def reset(self) -> None:
        lib.ddsp_noise_bank_reset(self._bank)

    def render(self, out: np.ndarray) -> None:
        """Add the noise of what the voices put to ``out`` (at most ``max_block`` samples)."""
        if len(out) > self.max_block:
            raise ValueError(f"{len(out)} samples; the bank takes {self.max_block}")
        buffer = ffi.from_buffer("float[]", out, require_writable=True)
        lib.ddsp_noise_bank_render(self._bank, buffer, len(buffer))


class Output:
    """Gain, stereo reverb and limits after the voices (``ddsp_output_*``)."""

    def __init__(self, sample_rate: float, max_block: int = MAX_BLOCK) -> None:
        self._output = ffi.gc(lib.ddsp_output_new(), lib.ddsp_output_free)
        if self._output == ffi.NULL:
            raise MemoryError("ddsp_output_new")
        _check(
            lib.ddsp_output_prepare(self._output, sample_rate, max_block),
            f"output(sample_rate={sample_rate}, max_block={max_block})",
        )
        self.max_block = max_block

    def reset(self) -> None:
        lib.ddsp_output_reset(self._output)

    def set_gain(self, left: float, right: float) -> None:
        lib.ddsp_output_set_gain(self._output, left, right)

    def set_reverb(self, size: float, damping: float, wet: float) -> None:
        lib.ddsp_output_set_reverb(self._output, size, damping, wet)

    def process(self, mono: np.ndarray, stereo: np.ndarray) -> None:
        """Process ``mono`` (n,) into ``stereo`` (n, 2), both float32.

        Raises ValueError for other shapes.
        """
        if stereo.shape != (len(mono), 2):
            raise ValueError(f"stereo has shape {stereo.shape}, not ({len(mono)}, 2)")
        source = ffi.from_buffer("float[]", mono)
        target = ffi.from_buffer("float[]", stereo, require_writable=True)
        for start in range(0, len(mono), self.max_block):
            lib.ddsp_output_process(
                self._output,
                source + start,
                target + 2 * start,
                min(self.max_block, len(mono) - start),
            )

    def process_sides(self, left: np.ndarray, right: np.ndarray, stereo: np.ndarray) -> None:
        """``left`` and ``right`` (n,) to ``stereo`` (n, 2), all float32, in place; the room hears
        the mean of both."""
        if len(left) != len(right) or stereo.shape != (len(left), 2):
            raise ValueError(f"shapes {left.shape}, {right.shape} and {stereo.shape} do not fit")
        sources = ffi.from_buffer("float[]", left), ffi.from_buffer("float[]", right)
        target = ffi.from_buffer("float[]", stereo, require_writable=True)
        for start in range(0, len(left), self.max_block):
            lib.ddsp_output_process_sides(
                self._output,
                sources[0] + start,
                sources[1] + start,
                target + 2 * start,
                min(self.max_block, len(left) - start),
            )


class Convolver:
    """Convolution of a stream with an impulse response (``ddsp_convolver_*``); one thread's.

    ``response``: float32 (n,), one second at most at ``response_rate`` (Hz), which is brought to
    ``sample_rate``. Raises ValueError for others.
    """

    def __init__(
        self, response: np.ndarray, sample_rate: float = 48_000, response_rate: float = 48_000
    ) -> None:
        self._convolver = ffi.gc(lib.ddsp_convolver_new(), lib.ddsp_convolver_free)
        if self._convolver == ffi.NULL:
            raise MemoryError("ddsp_convolver_new")
        if response.ndim != 1 or response.dtype != np.float32:
            raise ValueError(f"response is {response.dtype}{response.shape}, not float32(n,)")
        samples = ffi.from_buffer("float[]", np.ascontiguousarray(response))
        _check(
            lib.ddsp_convolver_prepare(
                self._convolver, sample_rate, samples, len(samples), response_rate
            ),
            f"convolver(response of {len(response)} samples at {response_rate} Hz, "
            f"sample_rate={sample_rate})",
        )

    def reset(self) -> None:
        """Forget what was heard: nothing of it sounds on."""
        lib.ddsp_convolver_reset(self._convolver)

    def process(self, dry: np.ndarray, wet: np.ndarray) -> None:
        """Convolve ``dry`` (n,) into ``wet`` (n,), both float32; they may be the same array."""
        if len(dry) != len(wet):
            raise ValueError(f"{len(dry)} samples cannot become {len(wet)}")
        source = ffi.from_buffer("float[]", dry)
        target = ffi.from_buffer("float[]", wet, require_writable=True)
        lib.ddsp_convolver_process(self._convolver, source, target, len(dry))


class Analyser:
    """Measures pitch and loudness of a stream of samples (``ddsp_analyser_*``); one thread's."""

    def __init__(
        self, sample_rate: float, hop_s: float, max_block: int = MAX_BLOCK, eager: bool = False
    ) -> None:
        self._analyser = ffi.gc(lib.ddsp_analyser_new(), lib.ddsp_analyser_free)
        if self._analyser == ffi.NULL:
            raise MemoryError("ddsp_analyser_new")
        _check(
            lib.ddsp_analyser_prepare(self._analyser, sample_rate, max_block, hop_s),
            f"analyser(sample_rate={sample_rate}, max_block={max_block}, hop_s={hop_s})",
        )
        lib.ddsp_analyser_set_eager(self._analyser, eager)
        self.max_block = max_block
        self._room = np.zeros(lib.ddsp_analyser_max_frames(self._analyser), FEATURE_DTYPE)
        self._frames = ffi.from_buffer("ddsp_features[]", self._room, require_writable=True)

    def reset(self) -> None:
        lib.ddsp_analyser_reset(self._analyser)

    def process(self, mono: np.ndarray) -> np.ndarray:
        """Analyse ``mono`` (any length); return the frames that fell due (FEATURE_DTYPE)."""
        samples = _floats(mono)
        source = ffi.from_buffer("float[]", samples)
        found = []
        for start in range(0, len(samples), self.max_block):
            n = lib.ddsp_analyser_process(
                self._analyser,
                source + start,
                min(self.max_block, len(samples) - start),
                self._frames,
            )
            found.append(self._room[:n].copy())
        return np.concatenate(found) if found else self._room[:0].copy()
