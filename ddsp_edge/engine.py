"""Feature frames in, sound out: decoder and kernel, frame-locked and deterministic."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ddsp_edge.bundle import Bundle
from ddsp_edge.decoder import Decoder
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import Settings
from native.kernel import Output, Voice

#: How fast a note that starts at once gets there, in seconds: a click is faster.
ONSET_RAMP_S = 0.0015
#: Above silence the sound fades in over this many dB, so that no gate is heard.
FADE_IN_DB = 6.0
LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000


class Engine:
    """One instrument. Not thread-safe; the same frames always give the same sound.

    ``rate`` is the card's, in Hz, whatever the model was trained at. The settings apply to
    what the sources say: ``pitch_shift`` moves the sound and what the model is shown,
    ``input_pitch`` and ``input_gain`` only what it is shown (as DDSP-VST's). Raises UserError.
    """

    def __init__(
        self,
        bundle: Bundle,
        rate: int = 48_000,
        settings: Settings | None = None,
        runtime: str | None = None,
        seed: int = 1,
    ) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise UserError(f"--rate {rate}: choose {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        info = bundle.info
        self.info, self.rate = info, rate
        self.decoder = Decoder(bundle, runtime)
        self._voice = Voice(rate, info.n_harmonics, info.n_noise, info.band_limit_hz, seed=seed)
        self._output = Output(rate)
        self._shown = FeatureFrame(0.0, 0.0, SILENCE_DB)
        #: What is shown while no pitch is known (nothing is heard of it): the usual one.
        self._usual_hz = math.sqrt(info.min_pitch_hz * info.max_pitch_hz)
        self._controls = ControlFrame(info.n_harmonics, info.n_noise)
        self.set(settings or Settings())
        self._output.reset()

    def set(self, settings: Settings) -> None:
        """New settings; what is heard moves there on a ramp."""
        self.settings = settings
        self._shift = 2.0 ** (settings.pitch_shift / 12.0)
        self._shown_shift = 2.0 ** ((settings.pitch_shift + settings.input_pitch) / 12.0)
        self._harmonic_gain = 10.0 ** (settings.harmonic_gain / 20.0)
        self._noise_gain = 10.0 ** (settings.noise_gain / 20.0)
        gain = 10.0 ** (settings.output_gain / 20.0)
        self._output.set_gain(gain, gain)
        self._output.set_reverb(
            settings.reverb_size, settings.reverb_damping, settings.reverb_wet
        )

    def reset(self) -> None:
        """As new: silence, no memory in the model, no tail in the room."""
        self.decoder.reset()
        self._voice.reset()
        self._output.reset()

    def play(self, frame: FeatureFrame) -> None:
        """Decode one frame; the sound is there after a hop, or at once for an onset."""
        shown, controls = self._shown, self._controls
        level = frame.loudness_db
        if level > SILENCE_DB:  # input_gain wakes no silence
            level = min(0.0, level + self.settings.input_gain)
        if not level > SILENCE_DB:  # also NaN
            level = SILENCE_DB
        shown.loudness_db = level
        shown.f0_hz = (frame.f0_hz if frame.f0_hz > 0.0 else self._usual_hz) * self._shown_shift
        self.decoder.step(shown, controls)
        # Whatever a model answers to silence (DDSP-VST's hiss a little), it is silent.
        fade = min(1.0, (level - SILENCE_DB) / FADE_IN_DB)
        controls.amplitude *= self._harmonic_gain * fade
        controls.noise_magnitudes *= self._noise_gain * fade
        self._voice.set_frame(
            frame.f0_hz * self._shift,
            controls.amplitude,
            controls.harmonic_distribution,
            controls.noise_magnitudes,
            ONSET_RAMP_S if frame.onset else self.info.hop_s,
        )

    def render(self, frames: Iterable[FeatureFrame], duration_s: float) -> np.ndarray:
        """Sound of ``frames`` (in the order of their times), (samples, 2) float32."""
        mono = np.zeros(round(duration_s * self.rate), np.float32)
        at = 0
        for frame in frames:
            # Each time is rounded by itself: no drift, whatever the hop is in samples.
            due = min(round(frame.time_s * self.rate), len(mono))
            if due > at:
                self._voice.render(mono[at:due])
                at = due
            self.play(frame)
        self._voice.render(mono[at:])
        stereo = np.empty((len(mono), 2), np.float32)
        self._output.process(mono, stereo)
        return stereo
