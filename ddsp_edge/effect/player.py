"""The effect player with this program's settings: analysed sound to feature frames, offline."""

from __future__ import annotations

import math

from ddsp_edge.effect.scales import pitch_classes
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from native.player import SNAP_MODES, Effect, EffectSettings

#: What is taken for a pitch, in Hz; everything else holds the last one (as in effect.c).
LOWEST_HZ, HIGHEST_HZ = 20.0, 8000.0
#: Below this loudness the knee draws the sound into silence, in dB (as in gate.c).
KNEE_DB = -60.0


def is_pitch(f0_hz: float) -> bool:
    """Whether a number may be taken for a pitch; NaN may not."""
    return LOWEST_HZ <= f0_hz <= HIGHEST_HZ


def effect_settings(settings: Settings) -> EffectSettings:
    """Return the part of the settings that the effect player applies."""
    return EffectSettings(
        gate_db=settings.gate,
        gate_hysteresis_db=settings.gate_hysteresis,
        snap_offset=12.0 * math.log2(settings.tuning / 440.0),
        transpose=settings.pitch_shift,
        snap=SNAP_MODES[settings.snap],
        snap_notes=pitch_classes(settings.snap_key, settings.snap_scale),
    )


class EffectPlayer:
    """Gate, knee, held pitch, note or noise, scale snap and freeze of one model; one thread's.

    Whatever comes in, what goes out is finite: ``f0_hz`` is 0 (before the first pitch) or
    LOWEST_HZ to HIGHEST_HZ, ``loudness_db`` is SILENCE_DB to 0. The analyser hears the input
    after ``input_trim``.
    """

    def __init__(self, hop_s: float, settings: Settings) -> None:
        self._effect = Effect(hop_s)
        self.set(settings)
        self.reset()

    def with_hop(self, hop_s: float) -> EffectPlayer:
        """Return a player of a model with another hop (in seconds) that goes on with what this one
        hears and holds."""
        other = EffectPlayer(hop_s, Settings())
        other._effect.adopt(self._effect)
        return other

    def set(self, settings: Settings) -> None:
        """Take new settings while it plays: what is heard glides there."""
        self._effect.set(effect_settings(settings))

    def reset(self) -> None:
        """Forget the input so far and let go of a frozen sound."""
        self._effect.reset()

    def freeze(self, on: bool) -> None:
        """Hold the present sound until it is released; holding it twice changes nothing."""
        self._effect.freeze(on)

    def frame(
        self,
        f0_hz: float,
        confidence: float,
        loudness_db: float,
        time_s: float,
        treble_db: float = 0.0,
    ) -> FeatureFrame:
        """Answer one frame of the analyser: ``time_s`` seconds since the start, in their order.

        ``f0_hz`` is the last one known where ``confidence`` is low (as the analyser gives it),
        0 where there was none; ``treble_db`` is the share of the power above 5 kHz.
        """
        return FeatureFrame(*self._effect.frame(f0_hz, confidence, loudness_db, time_s, treble_db))
