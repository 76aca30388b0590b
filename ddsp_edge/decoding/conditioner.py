"""The conditioner of one bundle or two: settings and sizes as the kernel's C code takes them.

A conditioner lies around a decoder (native/include/ddsp_decoder.h): before it, it applies shifts
and gains to the feature frame that the model is shown; after it, it applies silence, brightness
and gains to the control frame that the model answers. With two models it also morphs between
their control frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.settings import Settings
from native.conditioner import ConditionedModel, Conditioner, Conditioning
from native.decoder import Network

#: So far outside of its trained range, in semitones, a model is shown a pitch at most: beyond, it
#: answers anything. DDSP-VST states the mean range of many takes, ours the 1st to 99th percentile.
REACH = {"edge": 2.0, "vst": 12.0}


def conditioning(settings: Settings) -> Conditioning:
    """Return the part of the settings that a conditioner applies."""
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
    networks: Sequence[Network] = (),
) -> Conditioner:
    """Return a conditioner for ``voices`` voices of a model, and perhaps of an ``other`` one.

    ``other`` is the model that the setting ``morph`` leads to. ``notes``: loudness is the first
    model's touch (MIDI), so the other one is shown its own; else both hear the player. Each kind
    has a loudness map of its own.
    ``networks`` has one network a model where C decodes them, and is empty where the caller does.
    """
    offset_db = other.info.max_loudness_db - bundle.info.max_loudness_db if other and notes else 0.0
    first, second = [*networks, None, None][:2]
    return Conditioner(
        conditioned_model(bundle, first, 0.0, notes),
        conditioned_model(other, second, offset_db, notes) if other else None,
        conditioning(settings),
        voices,
    )


def conditioned_model(
    bundle: Bundle,
    network: Network | None = None,
    offset_db: float = 0.0,
    notes: bool = False,
) -> ConditionedModel:
    """Return what a conditioner has to know of a bundle's model.

    ``notes``: with the loudness map of MIDI notes; else with that of what the effect hears.
    """
    info = bundle.info
    loudness_map = info.loudness_map if notes else info.heard_map
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
        loudness_map.native() if loudness_map else None,
    )
