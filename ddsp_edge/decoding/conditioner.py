"""What lies between a source and its voice: shifts, gains and silence around the decoder."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.frames import ONSET_RAMP_S, ControlFrame, FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.units import SILENCE_DB, db_to_gain

#: Noise that stands for a note without pitch is so much softer than the note, in dB ...
UNPITCHED_DB = -6.0
#: ... and at most so much louder than the model's own, linear.
LARGEST_UNPITCHED = 100.0
#: What of that noise counts as treble, in Hz, and the least share of it that is asked for, in dB.
TREBLE_HZ, LEAST_TREBLE_DB = 5000.0, -60.0
#: Noise is duller than the sound, dB for a dB: an attack looks brighter than it is at first.
DULLER = 1.25
#: The low-pass that makes it dull: the lowest, in Hz, and how many steps it is searched in.
LOWEST_PASS_HZ, PASS_STEPS = 250.0, 10
#: Mean square of the white noise that magnitudes are gains of: uniform in -1..1.
NOISE_POWER = 1.0 / 3.0
#: Above silence the sound fades in over this many dB, so that no gate is heard.
FADE_IN_DB = 6.0
#: So far outside of its trained range, in semitones, a model is still asked for a pitch: beyond, it
#: answers anything, mostly far too loud. DDSP-VST states the mean range of many takes, ours the
#: 1st to 99th percentile.
RANGE_MARGIN = {"edge": 3.0, "vst": 12.0}


class Shaper:
    """Feature frames to what a voice is sent, for every voice of one model.

    ``pitch_shift`` moves the sound and what the model is shown, ``input_pitch`` and
    ``input_gain`` only what it is shown (as DDSP-VST's). A pitch outside of the model's range is
    played with the timbre and level of the range's end (:data:`RANGE_MARGIN`); ``offset_db`` is
    what this model is shown louder than the frames say. It holds no state of a voice, raises
    nothing and belongs to the decoder's thread.
    """

    def __init__(self, info: ModelInfo, settings: Settings, offset_db: float = 0.0) -> None:
        self.info, self._offset_db = info, offset_db
        self._shown = [FeatureFrame(0.0, 0.0, SILENCE_DB)]
        #: What is shown while no pitch is known (nothing is heard of it): the usual one.
        self._usual_hz = math.sqrt(info.min_pitch_hz * info.max_pitch_hz)
        margin = 2.0 ** (RANGE_MARGIN[info.profile] / 12.0)
        self._lowest_hz, self._highest_hz = info.min_pitch_hz / margin, info.max_pitch_hz * margin
        self.set(settings)

    def set(self, settings: Settings) -> None:
        """New settings, from the next frame on."""
        self._shift = 2.0 ** (settings.pitch_shift / 12.0)
        self._input_shift = 2.0 ** (settings.input_pitch / 12.0)
        self._input_gain = settings.input_gain
        self._unpitched = settings.unpitched
        self._harmonic_gain = db_to_gain(settings.harmonic_gain)
        self._noise_gain = db_to_gain(settings.noise_gain)

    def decode(
        self, decoder: Decoder, frame: FeatureFrame, controls: ControlFrame, voice: int = 0
    ) -> float:
        """Step ``voice`` of the decoder; fill ``controls`` with what is to be played.

        Returns the pitch to be played, Hz, which is also in ``controls``; not above 0 or NaN
        where the frame has none. Wild numbers are for the kernel to mend.
        """
        shown = self._shown[0]
        self._show(frame, shown)
        decoder.step(shown, controls, voice)
        self._tell(frame, shown, controls)
        return controls.f0_hz

    def decode_many(
        self, decoder: Decoder, frames: Sequence[FeatureFrame], controls: Sequence[ControlFrame]
    ) -> None:
        """As :meth:`decode` for each frame's own ``voice`` (all different), in few invocations."""
        many = self._shown[: len(frames)]
        while len(many) < len(frames):  # only the first time that so many sound
            many.append(FeatureFrame(0.0, 0.0, SILENCE_DB))
            self._shown.append(many[-1])
        for frame, shown in zip(frames, many, strict=True):
            shown.voice = frame.voice
            self._show(frame, shown)
        decoder.step_many(many, controls)
        for frame, shown, each in zip(frames, many, controls, strict=False):
            self._tell(frame, shown, each)

    def _level(self, frame: FeatureFrame) -> float:
        level = frame.loudness_db
        if level > SILENCE_DB:  # input_gain wakes no silence
            level = min(0.0, level + self._input_gain)
        return level if level > SILENCE_DB else SILENCE_DB  # also NaN

    def _show(self, frame: FeatureFrame, shown: FeatureFrame) -> None:
        """What the model is asked for into ``shown``."""
        own = self._level(frame) + self._offset_db
        # Brighter is what the model plays when it is louder, turned down by as much.
        shown.loudness_db = min(0.0, max(SILENCE_DB, own + frame.brightness_db))
        f0_hz = (frame.f0_hz if frame.f0_hz > 0.0 else self._usual_hz) * self._shift
        shown.f0_hz = min(max(f0_hz, self._lowest_hz), self._highest_hz) * self._input_shift

    def _tell(self, frame: FeatureFrame, shown: FeatureFrame, controls: ControlFrame) -> None:
        """What the model answered into what is to be played."""
        level = self._level(frame)
        # Whatever a model answers to silence (DDSP-VST's hiss a little), it is silent.
        gain = min(1.0, (level - SILENCE_DB) / FADE_IN_DB)
        if frame.brightness_db:
            gain *= db_to_gain(level + self._offset_db - shown.loudness_db)
        controls.f0_hz = frame.f0_hz * self._shift
        share = 1.0 - self._unpitched * (1.0 - frame.pitched)
        if share < 1.0:
            give_way(controls, share, frame.treble_db, self.info.sample_rate / 2)
        controls.amplitude *= self._harmonic_gain * gain
        controls.noise_magnitudes *= self._noise_gain * gain

    def ramp_s(self, frame: FeatureFrame) -> float:
        """How long the voice takes to get there, seconds: a hop, but an onset is there at once."""
        return ONSET_RAMP_S if frame.onset else self.info.hop_s


def give_way(
    controls: ControlFrame, share: float, treble_db: float = 0.0, band_limit_hz: float = 24_000.0
) -> None:
    """All but ``share`` (0..1) of the harmonics becomes noise of the model's own colour.

    ``treble_db`` is the share of the sound's power above :data:`TREBLE_HZ`, to 0 (all of it): of
    that noise there is at most :data:`DULLER` times as many decibels below the harmonics' power
    there; a low-pass makes it that dull. The magnitudes reach to ``band_limit_hz``.
    """
    weights = controls.harmonic_distribution
    total = float(weights.sum(dtype=np.float64))
    amplitude, controls.amplitude = controls.amplitude, controls.amplitude * share
    if not total > 0.0:
        return
    lost = 0.5 * (1.0 - share**2) * (amplitude / total) ** 2 * float(np.dot(weights, weights))
    if not lost > 0.0:
        return
    own = NOISE_POWER * controls.noise_magnitudes.astype(np.float64) ** 2 / controls.n_noise
    hz = np.arange(controls.n_noise) * (band_limit_hz / (controls.n_noise - 1))
    treble_db = min(0.0, max(LEAST_TREBLE_DB, treble_db)) if treble_db == treble_db else 0.0
    treble = 10.0 ** (DULLER * treble_db / 10.0) * lost

    def passed(pass_hz: float) -> tuple[np.ndarray, float, float]:
        """Of each band's power, the gain that it takes, and the treble that comes of it."""
        shares = 1.0 / (1.0 + (hz / pass_hz) ** 4) if pass_hz else np.ones_like(hz)
        power = own * shares
        wanted = 10.0 ** (UNPITCHED_DB / 10.0) * lost
        raised = power.sum()
        gain = min(wanted / raised, LARGEST_UNPITCHED**2 - 1.0) if raised > 0.0 else 0.0
        return shares, gain, gain * float(power[hz >= TREBLE_HZ].sum())

    shares, gain, above = passed(0.0)
    if above > treble:
        low, high = math.log2(LOWEST_PASS_HZ), math.log2(hz[1] * controls.n_noise)
        for _ in range(PASS_STEPS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if passed(2.0**middle)[2] <= treble else (low, middle)
        shares, gain, above = passed(2.0**low)
        if above > treble:
            gain *= treble / above
    controls.noise_magnitudes *= np.sqrt(1.0 + gain * shares).astype(np.float32)
