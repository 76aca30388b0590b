"""Features in, controls out: one step of the model's network a frame and voice."""

from __future__ import annotations

import math

import numpy as np

from ddsp_edge.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.runtimes import RUNTIMES, Session
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.tensors import INPUT_NAMES, OUTPUT_NAMES

__all__ = ["RUNTIMES", "Decoder"]

#: scale_f0 without NumPy: (69 + 12 log2(f0 / 440)) / 127 = A log2(f0) + B.
_A = 12.0 / 127.0
_B = (69.0 - 12.0 * math.log2(440.0)) / 127.0


class Decoder:
    """A model that is ready to play ``voices`` voices; not thread-safe, one a thread.

    The voices share the network and step in turn; each has a recurrent state of its own.
    Construct outside the time-critical path. Raises UserError when no runtime can be used or
    the runtime refuses the model.
    """

    def __init__(self, bundle: Bundle, runtime: str | None = None, voices: int = 1) -> None:
        self.info, self.voices = bundle.info, voices
        self._where = str(bundle.path or bundle.info.name)
        self.faults = 0  #: frames in which the model gave NaN or infinity, since construction
        try:
            self._session = Session(bundle.model, INPUT_NAMES, OUTPUT_NAMES, runtime)
        except UserError as error:
            raise self._named(error) from None
        self.runtime = self._session.runtime
        if bundle.per_channel and self.runtime == "tflite-runtime":
            raise UserError(
                f"{self._where}: its int8 weights have a scale per channel, which tflite-runtime "
                "computes wrong; use LiteRT or export it again with this program"
            )
        self._inputs = self._session.input_arrays()
        self._f0, self._pw = self._inputs[0].reshape(-1), self._inputs[1].reshape(-1)
        self._start = self._inputs[2]  # zeros, never written
        self._states = [self._start] * voices
        self._warm_up()

    def _named(self, error: UserError) -> UserError:
        return type(error)(f"{self._where}: {error}")

    def _warm_up(self) -> None:
        """The first invocation allocates; its results also show the true shapes."""
        try:
            results = self._session.run(self._inputs)
        except UserError as error:
            raise self._named(error) from None
        sizes = (1, self.info.n_harmonics, self.info.n_noise, self.info.state_size)
        found = tuple(result.size for result in results)
        if found != sizes or any(result.dtype != np.float32 for result in results):
            raise UserError(
                f"{self._where}: the model returns {found} numbers, its metadata says {sizes}; "
                "get it again"
            )

    def reset(self, voice: int | None = None) -> None:
        """Forget what one voice played, or all."""
        if voice is None:
            self._states = [self._start] * self.voices
        else:
            self._states[voice] = self._start

    def step(self, frame: FeatureFrame, out: ControlFrame, voice: int = 0) -> None:
        """Fill ``out`` (of the model's sizes) in place; ``voice`` is 0 .. voices - 1.

        f0_hz is passed through (negative or not finite counts as 0). Silence steps the
        model too. Where the model gives anything that is not finite, the frame is silent, the
        voice's state starts afresh and ``faults`` counts it.
        """
        f0_hz, loudness_db = frame.f0_hz, frame.loudness_db
        if not 0.0 < f0_hz < math.inf:  # also NaN
            f0_hz = 0.0
        if not loudness_db > SILENCE_DB:  # also NaN
            loudness_db = SILENCE_DB
        scaled = _A * math.log2(f0_hz) + _B if f0_hz > 0.0 else 0.0
        self._f0[0] = min(max(scaled, 0.0), 1.0)
        self._pw[0] = min(loudness_db / -SILENCE_DB + 1.0, 1.0)
        self._inputs[2] = self._states[voice]
        amplitude, harmonics, noise, state = self._session.run(self._inputs)
        level = float(amplitude.item())
        # A sum is finite only where each term is (or both infinities meet: then it is NaN).
        total = level + float(harmonics.sum()) + float(noise.sum()) + float(state.sum())
        out.f0_hz = f0_hz
        if not math.isfinite(total):
            self.faults += 1
            self.reset(voice)
            out.amplitude = 0.0
            out.harmonic_distribution.fill(0.0)
            out.noise_magnitudes.fill(0.0)
            return
        out.amplitude = level
        out.harmonic_distribution[:] = harmonics.reshape(-1)
        out.noise_magnitudes[:] = noise.reshape(-1)
        self._states[voice] = state.reshape(self._start.shape)
