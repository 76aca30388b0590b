"""Feature frames to what a voice plays: conditioner before, decoder, conditioner after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.conditioner import conditioner_of, conditioning
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.decoding.networks import network_of
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.tflite.runtimes import wants_runtime
from ddsp_edge.units import SILENCE_DB
from native.conditioner import Conditioner
from native.decoder import ControlStruct, Network


class Target(NamedTuple):
    """What a voice is to reach, from when on and in what time."""

    offset_s: float  #: seconds after the feature frame
    controls: ControlFrame  #: the receiver's own
    ramp_s: float  #: seconds


class ConditionedDecoder:
    """One model, or two with a morph between them, for several voices; one thread's.

    ``decoders`` has a TFLite runtime's decoder a model; it is empty where the conditioner has
    networks that C decodes. A voice that plays the targets has ``n_harmonics``, ``n_noise``
    bands up to ``band_limit_hz`` and perhaps a ``second`` noise (bands, limit in Hz); the
    noise_magnitudes of a target are of both noises, one after the other.
    """

    def __init__(self, conditioner: Conditioner, decoders: Sequence[Decoder] = ()) -> None:
        self.conditioner, self.decoders = conditioner, tuple(decoders)
        sizes = conditioner.sizes
        self.n_harmonics, self.n_noise = sizes.n_harmonics, sizes.n_noise
        self.band_limit_hz = sizes.band_limit_hz
        self.second: tuple[int, float] | None = None
        if sizes.n_second:
            self.second = (sizes.n_second, sizes.second_limit_hz)
        self._answers = [
            [ControlFrame(d.info.n_harmonics, d.info.n_noise) for _ in range(d.voices)]
            for d in self.decoders
        ]

    def set(self, settings: Settings) -> None:
        """Move to new settings from the next frame on."""
        self.conditioner.set(conditioning(settings))

    def reset(self) -> None:
        """Forget everything that was played, on every voice."""
        self.conditioner.reset()
        for decoder in self.decoders:
            decoder.reset()

    @property
    def faults(self) -> int:
        """Frames in which a model gave NaN or infinity, since construction."""
        return self.conditioner.faults + sum(decoder.faults for decoder in self.decoders)

    def warm_up(self) -> None:
        """Decode a silent frame of every voice: a runtime allocates its memory at the first."""
        for decoder, answers in zip(self.decoders, self._answers, strict=True):
            hz = decoder.info.min_pitch_hz
            frames = [FeatureFrame(0.0, hz, SILENCE_DB, voice=v) for v in range(decoder.voices)]
            decoder.step_many(frames, answers)
            decoder.step(frames[0], answers[0])
        self.reset()

    def targets(self, frame: FeatureFrame) -> list[Target]:
        """Decode the next frame of ``frame.voice``; return its targets in the order of time.

        Mostly there is one; there are more where the second model is faster than the first.
        """
        return self.targets_of([frame])[0]

    def targets_of(self, frames: Sequence[FeatureFrame]) -> list[list[Target]]:
        """Do the same for frames of voices that are all different, in few invocations."""
        conditioner = self.conditioner
        for frame in frames:
            conditioner.begin(frame, frame.voice)
        found: list[list[Target]] = [[] for _ in frames]
        left = list(zip(frames, found, strict=True))
        while left:
            self._decode([frame for frame, _ in left])
            unfinished = []
            for frame, targets in left:
                times = conditioner.next(frame.voice)
                if times is not None:
                    offset_s, ramp_s = times
                    targets.append(Target(offset_s, _copy(conditioner.controls), ramp_s))
                    unfinished.append((frame, targets))
            left = unfinished
        return found

    def _decode(self, frames: Sequence[FeatureFrame]) -> None:
        """Answer what the conditioner asks: the first model, and then perhaps the second one."""
        for model, decoder in enumerate(self.decoders):
            shown = []
            for voice in (frame.voice for frame in frames):
                question = self.conditioner.ask(voice)
                if question is None or question.model != model:
                    continue
                if question.forgets:
                    decoder.reset(voice)
                shown.append(FeatureFrame(0.0, question.f0_hz, question.loudness_db, voice=voice))
            decoder.step_many(shown, self._answers[model])
            for each, answer in zip(shown, self._answers[model], strict=False):
                self.conditioner.answer(
                    answer.amplitude,
                    answer.harmonic_distribution,
                    answer.noise_magnitudes,
                    each.voice,
                )


def _copy(controls: ControlStruct) -> ControlFrame:
    harmonics, noise = controls.harmonic_distribution, controls.noise_magnitudes
    copy = ControlFrame(len(harmonics), len(noise), controls.f0_hz, controls.amplitude)
    copy.harmonic_distribution[:] = harmonics
    copy.noise_magnitudes[:] = noise
    return copy


def decoding_of(
    bundle: Bundle,
    settings: Settings,
    runtime: str | None = None,
    voices: int = 1,
    other: Bundle | None = None,
    notes: bool = False,
) -> ConditionedDecoder:
    """Return what decodes a model, and perhaps ``other`` to which ``morph`` leads.

    C decodes where it knows all the networks and nobody asks for a ``runtime`` (or sets
    $DDSP_EDGE_RUNTIME); else a TFLite runtime does. ``notes`` is explained at ``conditioner_of``.
    Raises UserError as Decoder does.
    """
    bundles = [bundle] if other is None else [bundle, other]
    networks = [] if wants_runtime(runtime) else _networks(bundles)
    decoders = [] if networks else [Decoder(each, runtime, voices) for each in bundles]
    conditioner = conditioner_of(bundle, settings, voices, other, notes, networks)
    decoder = ConditionedDecoder(conditioner, decoders)
    decoder.warm_up()
    return decoder


def _networks(bundles: Sequence[Bundle]) -> list[Network]:
    """Return the network of each bundle that C decodes; none where it does not know one of them."""
    found = []
    for bundle in bundles:
        network = network_of(bundle)
        if network is None:
            return []
        found.append(network)
    return found
