"""The notes of a recording, as the pedal would send them live."""

from __future__ import annotations

import numpy as np

from ddsp_edge.effect.pitch_to_midi import Message, PitchToMidi
from ddsp_edge.effect.player import EffectPlayer
from ddsp_edge.effect.source import frames_of, heard_on_stage
from ddsp_edge.settings import Settings


def heard_notes(
    audio: np.ndarray, rate: float, hop_s: float, settings: Settings
) -> list[tuple[float, Message]]:
    """Return each message with its time in seconds, of mono audio; the last note ends with it."""
    converter = PitchToMidi(settings)
    features = heard_on_stage(audio, rate, hop_s)
    found = [
        (frame.time_s, message)
        for frame in frames_of(features, rate, EffectPlayer(hop_s, settings))
        for message in converter.hear(frame)
    ]
    return [*found, *((len(audio) / rate, message) for message in converter.end())]
