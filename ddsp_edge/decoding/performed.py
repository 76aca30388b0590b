"""Models that the kernel decodes itself: a conditioner with the networks of one or two bundles."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.morph import Morph, Target
from ddsp_edge.decoding.networks import network_of
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.tflite.runtimes import wants_runtime
from native.decoder import ConditionedModel, Conditioner, Conditioning, Features

#: So far outside of its trained range, in semitones, a model is shown a pitch at most: beyond, it
#: answers anything. DDSP-VST states the mean range of many takes, ours the 1st to 99th percentile.
REACH = {"edge": 2.0, "vst": 12.0}


def conditioning(settings: Settings) -> Conditioning:
    """What a conditioner is told of the settings."""
    return Conditioning(
        pitch_shift=settings.pitch_shift,
        input_pitch=settings.input_pitch,
        input_gain_db=settings.input_gain,
        harmonic_gain_db=settings.harmonic_gain,
        noise_gain_db=settings.noise_gain,
        unpitched=settings.unpitched,
        morph=settings.morph,
        beyond=1.0 if settings.beyond_range == "silent" else 0.0,
    )


def conditioner_of(
    bundle: Bundle,
    settings: Settings,
    voices: int = 1,
    other: Bundle | None = None,
    notes: bool = False,
) -> Conditioner | None:
    """Return what decodes in the audio thread, or None where a network is not known to C.

    ``other`` is the model that the setting ``morph`` leads to. ``notes``: loudness is the first
    model's touch (MIDI), so the other one is shown its own; else both hear the player.
    """
    offset_db = other.info.max_loudness_db - bundle.info.max_loudness_db if other else 0.0
    first = _conditioned(bundle, 0.0)
    second = _conditioned(other, offset_db if notes else 0.0) if other else None
    if first is None or (other is not None and second is None):
        return None
    return Conditioner(first, second, conditioning(settings), voices)


def _conditioned(bundle: Bundle, offset_db: float) -> ConditionedModel | None:
    network = network_of(bundle)
    if network is None:
        return None
    info = bundle.info
    return ConditionedModel(
        network,
        info.n_harmonics,
        info.n_noise,
        info.band_limit_hz,
        info.hop_s,
        math.sqrt(info.min_pitch_hz * info.max_pitch_hz),
        offset_db,
        info.min_pitch_hz,
        info.max_pitch_hz,
        REACH[info.profile],
        info.loudness_map.native() if info.loudness_map else None,
    )


class Performed:
    """A conditioner driven frame by frame, as :class:`Morph` is; one thread's."""

    def __init__(self, conditioner: Conditioner) -> None:
        self.conditioner, sizes = conditioner, conditioner.sizes
        self.n_harmonics, self.n_noise = sizes.n_harmonics, sizes.n_noise
        self.band_limit_hz = sizes.band_limit_hz
        self.second: tuple[int, float] | None = None
        if sizes.n_second:
            self.second = (sizes.n_second, sizes.second_limit_hz)

    def set(self, settings: Settings) -> None:
        """Move to new settings from the next frame on."""
        self.conditioner.set(conditioning(settings))

    def reset(self) -> None:
        """Forget what was played."""
        self.conditioner.reset()

    @property
    def faults(self) -> int:
        """Frames in which a network gave NaN or infinity."""
        return self.conditioner.faults

    def targets(self, frame: FeatureFrame) -> Iterator[Target]:
        """What ``frame.voice`` is to reach; mostly one. The controls hold until the next.

        Take all of them: the models move on with each.
        """
        asked = Features(
            frame.f0_hz,
            frame.loudness_db,
            frame.confidence,
            frame.brightness_db,
            frame.pitched,
            frame.onset,
        )
        for offset_s, ramp_s in self.conditioner.targets(asked, frame.voice):
            yield offset_s, self.conditioner.controls, ramp_s


def decoding_of(
    bundle: Bundle,
    settings: Settings,
    runtime: str | None = None,
    voices: int = 1,
    other: Bundle | None = None,
    notes: bool = False,
) -> Performed | Morph:
    """Return what decodes a model, and perhaps ``other`` to which ``morph`` leads.

    C does where it knows the networks and nobody asks for a ``runtime`` (or sets
    $DDSP_EDGE_RUNTIME); else a TFLite runtime. Raises UserError as Decoder does.
    """
    if not wants_runtime(runtime):
        conditioner = conditioner_of(bundle, settings, voices, other, notes)
        if conditioner is not None:
            return Performed(conditioner)
    morph = Morph(bundle, settings, runtime, voices, other, notes)
    morph.warm_up()
    return morph
