"""What lies between a source and its voice: shifts, gains and silence around the decoder."""

from __future__ import annotations

import math

from ddsp_edge.decoder import Decoder
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import Settings

#: How fast a note that starts at once gets there, in seconds: a click is faster.
ONSET_RAMP_S = 0.0015
#: Above silence the sound fades in over this many dB, so that no gate is heard.
FADE_IN_DB = 6.0


class Shaper:
    """Feature frames to what a voice is sent, for every voice of one model.

    ``pitch_shift`` moves the sound and what the model is shown, ``input_pitch`` and
    ``input_gain`` only what it is shown (as DDSP-VST's); ``offset_db`` is what this model is shown
    louder than the frames say. It holds no state of a voice, raises nothing and belongs to the
    decoder's thread.
    """

    def __init__(self, info: ModelInfo, settings: Settings, offset_db: float = 0.0) -> None:
        self.info, self._offset_db = info, offset_db
        self._shown = FeatureFrame(0.0, 0.0, SILENCE_DB)
        #: What is shown while no pitch is known (nothing is heard of it): the usual one.
        self._usual_hz = math.sqrt(info.min_pitch_hz * info.max_pitch_hz)
        self.set(settings)

    def set(self, settings: Settings) -> None:
        """New settings, from the next frame on."""
        self._shift = 2.0 ** (settings.pitch_shift / 12.0)
        self._shown_shift = 2.0 ** ((settings.pitch_shift + settings.input_pitch) / 12.0)
        self._input_gain = settings.input_gain
        self._harmonic_gain = 10.0 ** (settings.harmonic_gain / 20.0)
        self._noise_gain = 10.0 ** (settings.noise_gain / 20.0)

    def decode(
        self, decoder: Decoder, frame: FeatureFrame, controls: ControlFrame, voice: int = 0
    ) -> float:
        """Step ``voice`` of the decoder; fill ``controls`` with what is to be played.

        Returns the pitch to be played, Hz, which is also in ``controls``; not above 0 or NaN
        where the frame has none. Wild numbers are for the kernel to mend.
        """
        shown = self._shown
        level = frame.loudness_db
        if level > SILENCE_DB:  # input_gain wakes no silence
            level = min(0.0, level + self._input_gain)
        if not level > SILENCE_DB:  # also NaN
            level = SILENCE_DB
        own = level + self._offset_db
        # Brighter is what the model plays when it is louder, turned down by as much.
        shown.loudness_db = min(0.0, max(SILENCE_DB, own + frame.brightness_db))
        shown.f0_hz = (frame.f0_hz if frame.f0_hz > 0.0 else self._usual_hz) * self._shown_shift
        decoder.step(shown, controls, voice)
        # Whatever a model answers to silence (DDSP-VST's hiss a little), it is silent.
        gain = min(1.0, (level - SILENCE_DB) / FADE_IN_DB)
        if frame.brightness_db:
            gain *= 10.0 ** ((own - shown.loudness_db) / 20.0)
        controls.f0_hz = frame.f0_hz * self._shift
        controls.amplitude *= self._harmonic_gain * gain
        controls.noise_magnitudes *= self._noise_gain * gain
        return controls.f0_hz

    def ramp_s(self, frame: FeatureFrame) -> float:
        """How long the voice takes to get there, seconds: a hop, but an onset is there at once."""
        return ONSET_RAMP_S if frame.onset else self.info.hop_s
