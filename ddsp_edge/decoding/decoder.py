"""Features in, controls out: the model's network, all voices of a moment in one invocation."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.tflite.batching import with_rows
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.runtimes import RUNTIMES
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from ddsp_edge.units import SILENCE_DB

__all__ = ["RUNTIMES", "Decoder"]

#: scale_f0 without NumPy: (69 + 12 log2(f0 / 440)) / 127 = A log2(f0) + B.
_A = 12.0 / 127.0
_B = (69.0 - 12.0 * math.log2(440.0)) / 127.0
#: (rows of an invocation, from so many voices on it is the cheapest), largest first: 4 rows cost
#: as much as two single frames, 16 as much as six; 2 and 8 would gain little (docs/decoder.md).
PLAN = ((16, 9), (4, 2), (1, 1))
#: How far rows may be from single frames: float32 in another order.
TOLERANCE = 1e-4


class Decoder:
    """A model that is ready to play ``voices`` voices; not thread-safe, one a thread.

    The voices share the network; each has a recurrent state of its own.
    Construct outside the time-critical path. Raises UserError when no runtime can be used or
    the runtime refuses the model.
    """

    def __init__(self, bundle: Bundle, runtime: str | None = None, voices: int = 1) -> None:
        self.info, self.voices = bundle.info, voices
        self._where = str(bundle.path or bundle.info.name)
        self.faults = 0  #: frames in which the model gave NaN or infinity, since construction
        self.invocations = 0  #: of the network, since construction
        try:
            self._one = Session(bundle.model, INPUT_NAMES, OUTPUT_NAMES, runtime)
        except UserError as error:
            raise type(error)(f"{self._where}: {error}") from None
        self.runtime = self._one.runtime
        if bundle.per_channel and self.runtime == "tflite-runtime":
            raise UserError(
                f"{self._where}: its int8 weights have a scale per channel, which tflite-runtime "
                "computes wrong; use LiteRT or export it again with this program"
            )
        self._check_sizes()
        self._states = np.zeros((voices, self._one.inputs[2].shape[1]), np.float32)
        longest = max(output.size for output in self._one.outputs)
        self._ones = np.ones(longest * PLAN[0][0], np.float32)
        self._sessions = {1: self._one, **self._batches(bundle.model)}
        #: How many voices an invocation can take, ascending; (1,) where the model allows no more.
        self.rows = tuple(sorted(self._sessions))

    def _check_sizes(self) -> None:
        sizes = (1, self.info.n_harmonics, self.info.n_noise, self.info.state_size)
        found = tuple(output.size for output in self._one.outputs)
        if found != sizes:
            raise UserError(
                f"{self._where}: the model returns {found} numbers, its metadata says {sizes}; "
                "get it again"
            )

    def _batches(self, model: bytes) -> dict[int, Session]:
        """Sessions for several voices, as far as the model gives the same as one by one."""
        found: dict[int, Session] = {}
        wanted = [rows for rows, least in PLAN if rows > 1 and self.voices >= least]
        several = with_rows(model) if wanted else None
        if several is None:
            return found
        for rows in wanted:
            with contextlib.suppress(UserError):
                session = Session(several, INPUT_NAMES, OUTPUT_NAMES, self.runtime, rows)
                if self._agrees(session):
                    found[rows] = session
        return found

    def _agrees(self, session: Session) -> bool:
        rng, one = np.random.default_rng(1), self._one
        shapes = [(session.rows, a.shape[1]) for a in one.inputs]
        if [a.shape for a in session.inputs] != shapes or any(
            a.shape != (session.rows, b.shape[1])
            for a, b in zip(session.outputs, one.outputs, strict=True)
        ):
            return False
        for a in session.inputs[:2]:
            a[:] = rng.uniform(0.2, 0.9, a.shape)
        session.inputs[2][:] = rng.uniform(-1.0, 1.0, session.inputs[2].shape)
        session.step()
        for row in range(session.rows):
            for a, b in zip(one.inputs, session.inputs, strict=True):
                a[0] = b[row]
            one.step()
            if not all(
                np.allclose(b[row], a[0], rtol=TOLERANCE, atol=1e-7)
                for a, b in zip(one.outputs, session.outputs, strict=True)
            ):
                return False
        return True

    def reset(self, voice: int | None = None) -> None:
        """Set the state of one voice, or of all, to that before its first frame."""
        self._states[slice(None) if voice is None else voice] = 0.0

    def step(self, frame: FeatureFrame, out: ControlFrame, voice: int = 0) -> None:
        """Fill ``out`` (of the model's sizes) in place; ``voice`` is 0 .. voices - 1.

        f0_hz is passed through (negative or not finite counts as 0). Silence steps the
        model too. Where the model gives anything that is not finite, the frame is silent, the
        voice's state starts afresh and ``faults`` counts it.
        """
        session = self._one
        self._show(session, 0, frame, out, voice)
        session.step()
        self.invocations += 1
        self._tell(session, 0, out, voice, self._finite(session, 1))

    def step_many(self, frames: Sequence[FeatureFrame], outs: Sequence[ControlFrame]) -> None:
        """As :meth:`step` for each frame's own ``voice`` (all different), in few invocations."""
        at, left = 0, len(frames)
        while left:
            rows = next(n for n, least in PLAN if left >= least and n in self._sessions)
            session = self._sessions[rows]
            count = min(rows, left)
            for row in range(count):
                frame = frames[at + row]
                self._show(session, row, frame, outs[at + row], frame.voice)
            session.step()
            self.invocations += 1
            finite = self._finite(session, count)
            for row in range(count):
                self._tell(session, row, outs[at + row], frames[at + row].voice, finite)
            at, left = at + count, left - count

    def _show(
        self, session: Session, row: int, frame: FeatureFrame, out: ControlFrame, voice: int
    ) -> None:
        f0_hz, loudness_db = frame.f0_hz, frame.loudness_db
        if not 0.0 < f0_hz < math.inf:  # also NaN
            f0_hz = 0.0
        if not loudness_db > SILENCE_DB:  # also NaN
            loudness_db = SILENCE_DB
        scaled = _A * math.log2(f0_hz) + _B if f0_hz > 0.0 else 0.0
        f0, pw, state = session.inputs
        f0[row, 0] = min(max(scaled, 0.0), 1.0)
        pw[row, 0] = min(loudness_db / -SILENCE_DB + 1.0, 1.0)
        state[row] = self._states[voice]
        out.f0_hz = f0_hz

    def _finite(self, session: Session, rows: int) -> bool:
        """Whether all that the rows say is: a sum is finite only where each of its terms is.

        (Or both infinities meet: then it is NaN. A product with ones is the fastest sum.)
        """
        total = 0.0
        for output in session.outputs:
            part = output[:rows].reshape(-1)
            total += float(part.dot(self._ones[: part.size]))
        return math.isfinite(total)

    def _tell(
        self, session: Session, row: int, out: ControlFrame, voice: int, finite: bool
    ) -> None:
        amplitude, harmonics, noise, state = session.outputs
        if not finite and not all(np.isfinite(output[row]).all() for output in session.outputs):
            self.faults += 1
            self.reset(voice)
            out.amplitude = 0.0
            out.harmonic_distribution.fill(0.0)
            out.noise_magnitudes.fill(0.0)
            return
        out.amplitude = float(amplitude[row, 0])
        out.harmonic_distribution[:] = harmonics[row]
        out.noise_magnitudes[:] = noise[row]
        self._states[voice] = state[row]
