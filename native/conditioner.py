"""The conditioner around and between decoders (``ddsp_conditioner_*``) as a Python class.

A :class:`Conditioner` belongs to one thread; the networks that it was made with may be shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from native._kernel import ffi, lib
from native.decoder import ControlStruct, Network, _floats
from native.kernel import _check


@dataclass(frozen=True)
class LoudnessTables:
    """``ddsp_loudness_map``: ``loudness_db`` (levels,); the tables are (notes, levels)."""

    lowest_note: float
    loudness_db: np.ndarray
    shown_db: np.ndarray
    gain_db: np.ndarray
    noise_db: np.ndarray


@dataclass(frozen=True)
class ConditionedModel:
    """``ddsp_conditioned_model``; ``network`` None where the caller decodes."""

    network: Network | None
    n_harmonics: int
    n_noise: int
    band_limit_hz: float
    hop_s: float
    usual_hz: float
    offset_db: float = 0.0
    lowest_hz: float = 0.0  #: the range that it has learnt; 0: no bound
    highest_hz: float = 0.0
    reach: float = 0.0  #: semitones beyond the range that it is shown at most
    loudness_map: LoudnessTables | None = None


@dataclass(frozen=True)
class Conditioning:
    """``ddsp_conditioning``: the settings around and between decoders."""

    pitch_shift: float = 0.0
    input_pitch: float = 0.0
    input_gain_db: float = 0.0
    harmonic_gain_db: float = 0.0
    noise_gain_db: float = 0.0
    unpitched: float = 1.0
    morph: float = 0.0
    beyond: float = 0.0


class FeatureFields(Protocol):
    """Any object that has the fields of ``ddsp_feature_frame`` as attributes."""

    @property
    def f0_hz(self) -> float:
        """Fundamental in Hz; 0 where none is known."""

    @property
    def loudness_db(self) -> float:
        """Mean square in dB re full scale, -80 (silence) to 0."""

    @property
    def confidence(self) -> float:
        """How periodic the input was, 0 to 1."""

    @property
    def brightness_db(self) -> float:
        """The timbre of a note that is so many dB louder."""

    @property
    def pitched(self) -> float:
        """How much of it is a note, 0 to 1; the rest is noise."""

    @property
    def treble_db(self) -> float:
        """Share of the sound above 5 kHz in dB, which bounds that noise; 0: it does not."""

    @property
    def partials_db(self) -> float:
        """Single harmonics stray by so much, root mean square, in dB; 0: they do not."""

    @property
    def partials_at(self) -> float:
        """Where on their ways they are: 1 further for each swing."""

    @property
    def onset(self) -> bool:
        """Whether a note starts with this frame."""


class Question(NamedTuple):
    """What a conditioner wants a model without a network to decode."""

    model: int  #: 0: the first, 1: the second
    forgets: bool  #: the model forgets before what it played on this voice
    f0_hz: float
    loudness_db: float


class Conditioner:
    """``ddsp_conditioner_*``: one or two models for ``voices`` voices.

    ``sizes`` is what their voices have to be prepared for. Raises ValueError for a value outside
    the header's ranges.
    """

    def __init__(
        self,
        first: ConditionedModel,
        second: ConditionedModel | None = None,
        conditioning: Conditioning | None = None,
        voices: int = 1,
    ) -> None:
        self._networks = [m.network for m in (first, second) if m]  # live as long as this
        self._conditioner = ffi.gc(lib.ddsp_conditioner_new(), lib.ddsp_conditioner_free)
        if self._conditioner == ffi.NULL:
            raise MemoryError("ddsp_conditioner_new")
        keep: list[Any] = []  # until the maps are copied
        models = [_model(first, keep), _model(second, keep) if second else ffi.NULL]
        settings = _conditioning(conditioning or Conditioning())[0]
        _check(
            lib.ddsp_conditioner_prepare(self._conditioner, voices, *models, settings),
            f"conditioner({first}, {second}, voices={voices})",
        )
        self.sizes = lib.ddsp_conditioner_get_sizes(self._conditioner)
        self._in = ffi.new("ddsp_feature_frame *")
        self._times = ffi.new("float[2]")
        self.controls = ControlStruct(
            self.sizes.n_harmonics, self.sizes.n_noise + self.sizes.n_second
        )
        self._answer = ControlStruct(lib.DDSP_MAX_HARMONICS, lib.DDSP_MAX_NOISE_BANDS)

    @property
    def pointer(self) -> Any:
        """The C object, for other parts of the kernel; it lives as long as this one."""
        return self._conditioner

    @property
    def faults(self) -> int:
        """Count of frames in which a network gave NaN or infinity, of all voices."""
        return int(lib.ddsp_conditioner_faults(self._conditioner))

    def set(self, conditioning: Conditioning) -> None:
        """Take new settings; every voice moves towards them from its next frame on."""
        lib.ddsp_conditioner_set(self._conditioner, _conditioning(conditioning)[0])

    def reset(self) -> None:
        """Forget every voice's past: states, levels and morphing."""
        lib.ddsp_conditioner_reset(self._conditioner)

    def begin(self, frame: FeatureFields, voice: int = 0) -> None:
        """Give the conditioner the next frame of features of one voice."""
        into = self._in
        into.f0_hz, into.loudness_db = frame.f0_hz, frame.loudness_db
        into.confidence, into.brightness_db = frame.confidence, frame.brightness_db
        into.pitched, into.treble_db = frame.pitched, frame.treble_db
        into.partials_db, into.partials_at = frame.partials_db, frame.partials_at
        into.onset = int(frame.onset)
        lib.ddsp_conditioner_begin(self._conditioner, voice, into)

    def ask(self, voice: int = 0) -> Question | None:
        """Return what has to be decoded and answered before the next target; None: nothing."""
        asked = lib.ddsp_conditioner_ask(self._conditioner, voice, self._in)
        if asked < 0:
            return None
        return Question(asked & 1, asked >= 2, self._in.f0_hz, self._in.loudness_db)

    def answer(
        self,
        amplitude: float,
        harmonic_distribution: np.ndarray,
        noise_magnitudes: np.ndarray,
        voice: int = 0,
    ) -> None:
        """Give what the model that was asked has answered, in arrays of that model's sizes."""
        into = self._answer
        into.struct.amplitude = amplitude
        into.harmonic_distribution[: len(harmonic_distribution)] = harmonic_distribution
        into.noise_magnitudes[: len(noise_magnitudes)] = noise_magnitudes
        lib.ddsp_conditioner_answer(self._conditioner, voice, into.struct)

    def next(self, voice: int = 0) -> tuple[float, float] | None:
        """Fill ``controls`` with the next target: (offset_s, ramp_s); None after the last.

        Raises RuntimeError where a model without a network has not been asked.
        """
        found = lib.ddsp_conditioner_next(
            self._conditioner, voice, self.controls.struct, self._times, self._times + 1
        )
        if found < 0:
            raise RuntimeError("a model without a network has to be asked first")
        return (self._times[0], self._times[1]) if found else None

    def targets(self, frame: FeatureFields, voice: int = 0) -> Iterator[tuple[float, float]]:
        """Call :meth:`begin` and every :meth:`next`, where all models have a network."""
        self.begin(frame, voice)
        while (times := self.next(voice)) is not None:
            yield times


def _model(model: ConditionedModel, keep: list[Any]) -> Any:
    struct = ffi.new("ddsp_conditioned_model *")
    struct.network = model.network._network if model.network else ffi.NULL
    for name in (
        "n_harmonics",
        "n_noise",
        "band_limit_hz",
        "hop_s",
        "usual_hz",
        "offset_db",
        "lowest_hz",
        "highest_hz",
        "reach",
    ):
        setattr(struct, name, getattr(model, name))
    if model.loudness_map is not None:
        struct.loudness_map = _map(model.loudness_map, keep)
    return struct


def _map(source: LoudnessTables, keep: list[Any]) -> Any:
    struct = ffi.new("ddsp_loudness_map *")
    keep.append(struct)
    shape = np.shape(source.shown_db)
    struct.lowest_note, struct.n_levels = source.lowest_note, len(source.loudness_db)
    struct.n_notes = shape[0] if len(shape) == 2 else 0
    struct.loudness_db = _floats(source.loudness_db, keep)
    for name in ("shown_db", "gain_db", "noise_db"):
        table = getattr(source, name)
        if np.shape(table) != (struct.n_notes, struct.n_levels):
            raise ValueError(f"a loudness map whose {name} has the shape {np.shape(table)}")
        setattr(struct, name, _floats(table, keep))
    return struct


def _conditioning(conditioning: Conditioning) -> Any:
    struct = ffi.new("ddsp_conditioning *")
    for name in Conditioning.__dataclass_fields__:
        setattr(struct, name, getattr(conditioning, name))
    return struct
