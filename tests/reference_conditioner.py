"""A conditioner in NumPy, which the one in C is compared with: plain, slow, decoded by a runtime.

What lies between two models is found on their control frames, partial by partial:

* pitch: both are asked for the same one, so it is neither's to bend;
* the harmonics' level: linear in amplitude, so that it lies between both and a model that says
  nothing (below its range) takes away half, not everything;
* their distribution: the logarithm of each partial, both brought to the same power, with a floor
  of 60 dB below it: spectra are heard in dB. A linear mix would be two instruments in unison:
  at half way every partial of either is there, 6 dB softer; here a formant moves down and
  another up. The floor counts less towards both ends, where the blend is exactly one of them;
* noise: power, as two noises add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
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
#: From one model to the other a jump of the setting takes so long, in seconds.
RAMP_S = 0.05
#: A model that joins in while a note sounds is asked for so long before it is heard, in seconds:
#: its memory has to learn what is played.
LEAD_S = 0.06
#: Of a spectrum of power 1: what is this soft counts as not there.
FLOOR = 1e-3
#: Rounding of a sum of hops.
_TINY = 1e-6

#: (seconds after the frame, what is to be reached, ramp in seconds)
Target = tuple[float, ControlFrame, float]


class Around:
    """What a model is shown of a feature frame, and what is played of its answer.

    ``pitch_shift`` moves the sound and what the model is shown, ``input_pitch`` and
    ``input_gain`` only what it is shown (as DDSP-VST's); ``offset_db`` is what this model is
    shown louder than the frames say. It holds no state of a voice.
    """

    def __init__(self, info: ModelInfo, settings: Settings, offset_db: float = 0.0) -> None:
        self.info, self._offset_db = info, offset_db
        #: What is shown while no pitch is known (nothing is heard of it): the usual one.
        self._usual_hz = math.sqrt(info.min_pitch_hz * info.max_pitch_hz)
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
    ) -> None:
        """Step ``voice`` of the decoder; fill ``controls`` with what is to be played."""
        shown = FeatureFrame(0.0, 0.0, SILENCE_DB)
        self._show(frame, shown)
        decoder.step(shown, controls, voice)
        self._tell(frame, shown, controls)

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
        shown.f0_hz = f0_hz * self._input_shift

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


@dataclass(slots=True)
class _Voice:
    """What is remembered of one voice; ``before`` and ``after`` are the second model's."""

    before: ControlFrame
    after: ControlFrame
    partials: np.ndarray  #: the first model's, of its last frame
    runs: bool = False  #: whether the second model is asked
    sounds: bool = False
    amount: float = 0.0  #: 0..1, on its way to the setting
    lead_s: float = 0.0
    phase: float = 0.0  #: of the second model's hop
    asked: FeatureFrame = field(default_factory=lambda: FeatureFrame(0.0, 0.0, SILENCE_DB))


class ReferenceConditioner:
    """Conditioner and decoder of a model and perhaps of an ``other``, to which ``morph`` leads.

    ``notes``: loudness is the first model's touch (MIDI), so the other one is shown its own.
    """

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        voices: int = 1,
        other: Bundle | None = None,
        notes: bool = False,
    ) -> None:
        info = bundle.info
        self.info, self.voices = info, voices
        self.other: ModelInfo | None = other.info if other else None
        self.decoder, self._around = Decoder(bundle, None, voices), Around(info, settings)
        self.n_harmonics, self.n_noise = info.n_harmonics, info.n_noise
        self.band_limit_hz = info.band_limit_hz
        self.second: tuple[int, float] | None = None
        self._own = ControlFrame(info.n_harmonics, info.n_noise)
        self._silent = [True] * voices  #: so was each voice's last frame
        self._out, self._masked = self._own, False
        self._second: Decoder | None = None
        if other is not None:
            self._add(other, settings, notes)
        self.set(settings)

    def _add(self, bundle: Bundle, settings: Settings, notes: bool) -> None:
        first, info = self.info, bundle.info
        self._second = Decoder(bundle, None, self.voices)
        offset = info.max_loudness_db - first.max_loudness_db if notes else 0.0
        self._second_around = Around(info, settings, offset)
        self.n_harmonics = max(first.n_harmonics, info.n_harmonics)
        if (info.n_noise, info.band_limit_hz) != (first.n_noise, first.band_limit_hz):
            self.second = (info.n_noise, info.band_limit_hz)
            # The voice masks where the wider model does: the narrower one is masked here.
            self._masked = info.band_limit_hz > first.band_limit_hz
        bands = first.n_noise + (info.n_noise if self.second else 0)
        self._out = ControlFrame(self.n_harmonics, bands)
        self._ratio = first.hop_s / info.hop_s
        self._voices = [
            _Voice(
                ControlFrame(info.n_harmonics, info.n_noise),
                ControlFrame(info.n_harmonics, info.n_noise),
                np.zeros(self.n_harmonics, np.float32),
            )
            for _ in range(self.voices)
        ]

    def set(self, settings: Settings) -> None:
        """New settings, from the next frame on."""
        self._around.set(settings)
        self._wanted = settings.morph
        if self._second is not None:
            self._second_around.set(settings)

    def targets(self, frame: FeatureFrame) -> Iterator[Target]:
        """What ``frame.voice`` is to reach; mostly one. The ControlFrame holds until the next.

        Take all of them: the models move on with each.
        """
        if self._silent[frame.voice]:  # the models forget the note before
            self.decoder.reset(frame.voice)
            if self._second is not None:
                self._second.reset(frame.voice)
        self._around.decode(self.decoder, frame, self._own, frame.voice)
        yield from self._aims(frame)
        self._silent[frame.voice] = not frame.loudness_db > SILENCE_DB

    def _aims(self, frame: FeatureFrame) -> Iterator[Target]:
        """The first model has answered, into ``_own``."""
        own, ramp_s = self._own, self._around.ramp_s(frame)
        if self._second is None:
            yield 0.0, own, ramp_s
            return
        self._out.f0_hz = own.f0_hz
        voice = self._voices[frame.voice]
        if not voice.sounds:
            voice.amount, voice.lead_s = self._wanted, 0.0
        if voice.amount == 0.0 and self._wanted == 0.0:
            voice.runs = False
            self._alone(voice)
            yield 0.0, self._out, ramp_s
        else:
            if not voice.runs:
                self._begin(voice, frame)
            yield from self._between(voice, frame, ramp_s)
        voice.sounds = own.amplitude > 0.0
        voice.asked = frame

    def _alone(self, voice: _Voice) -> None:
        """The first model's frame as it is, in the room of both."""
        own, out = self._own, self._out
        out.amplitude = own.amplitude
        distribution = out.harmonic_distribution
        distribution[: self.info.n_harmonics] = own.harmonic_distribution
        distribution[self.info.n_harmonics :] = 0.0
        if self._masked:
            distribution[_heard(own, self.info) :] = 0.0
        out.noise_magnitudes[: self.info.n_noise] = own.noise_magnitudes
        out.noise_magnitudes[self.info.n_noise :] = 0.0
        if self._ratio > 1.0:
            _partials(own, self.info, voice.partials)

    def _begin(self, voice: _Voice, frame: FeatureFrame) -> None:
        assert self._second is not None
        voice.runs, voice.phase = True, 1.0 - self._ratio  # its first step is now
        voice.lead_s = LEAD_S if voice.sounds else 0.0
        voice.asked = frame
        self._second.reset(frame.voice)
        voice.after.amplitude = 0.0
        voice.after.noise_magnitudes.fill(0.0)

    def _between(self, voice: _Voice, frame: FeatureFrame, ramp_s: float) -> Iterator[Target]:
        begun = np.zeros(self.n_harmonics, np.float32) if self._ratio > 1.0 else None
        if begun is not None:
            begun[:] = voice.partials
        amount, goal = voice.amount, self._moved(voice)
        reached = _partials(self._own, self.info, voice.partials)
        if frame.onset:
            self._ask(voice, frame)
            _copy(voice.after, voice.before)
            voice.amount = goal
            yield 0.0, self._blend(reached, voice.after, goal), ramp_s
            return
        voice.phase += self._ratio
        steps = int(voice.phase + _TINY)
        voice.phase -= steps
        if begun is None or steps < 2:
            if steps:
                self._ask(voice, frame)
            # A slower model is on its way to what it said last.
            share = min(1.0, (voice.phase + self._ratio)) if self._ratio < 1.0 else 1.0
            voice.amount = goal
            yield 0.0, self._blend(reached, _mix(voice, share), goal), ramp_s
            return
        # A faster one says more while the first one's ramp lasts, which becomes so many.
        before = voice.asked
        for step in range(1, steps + 1):
            share = step / steps
            self._ask(voice, _part_way(before, frame, share))
            voice.amount = amount + share * (goal - amount)
            partials = begun + np.float32(share) * (reached - begun)
            blended = self._blend(partials, voice.after, voice.amount)
            yield (step - 1) * ramp_s / steps, blended, ramp_s / steps

    def _moved(self, voice: _Voice) -> float:
        """Return the amount of morphing one hop later."""
        if voice.lead_s > 0.0:
            voice.lead_s -= self.info.hop_s
            return voice.amount
        step = self.info.hop_s / RAMP_S
        return min(max(self._wanted, voice.amount - step), voice.amount + step)

    def _ask(self, voice: _Voice, frame: FeatureFrame) -> None:
        assert self._second is not None
        voice.before, voice.after = voice.after, voice.before
        self._second_around.decode(self._second, frame, voice.after, frame.voice)

    def _blend(self, first: np.ndarray, other: ControlFrame, amount: float) -> ControlFrame:
        """Into ``_out``: the first model's partials, the noise of its last frame, the other's."""
        assert self.other is not None
        out, distribution = self._out, self._out.harmonic_distribution
        second = _partials(other, self.other, np.zeros_like(first))
        _between_spectra(first, second, amount, distribution)
        out.amplitude = float(distribution.sum(dtype=np.float64))
        noise, own = out.noise_magnitudes, self._own.noise_magnitudes
        rest = 1.0 - amount
        if self.second is None:
            np.sqrt(rest * own**2 + amount * other.noise_magnitudes**2, out=noise)
        else:
            noise[: len(own)] = rest**0.5 * own
            noise[len(own) :] = amount**0.5 * other.noise_magnitudes
        return out


def _heard(controls: ControlFrame, info: ModelInfo) -> int:
    """How many harmonics lie within the model's band."""
    f0_hz = float(np.float32(controls.f0_hz))
    if not f0_hz > 0.0:
        return info.n_harmonics
    count = min(info.n_harmonics, int(info.band_limit_hz / f0_hz))
    return count if count * f0_hz < info.band_limit_hz else count - 1


def _partials(controls: ControlFrame, info: ModelInfo, out: np.ndarray) -> np.ndarray:
    """The amplitude of each harmonic into ``out``, as the kernel shares them out."""
    count = _heard(controls, info)
    weights = np.maximum(controls.harmonic_distribution[:count], 0.0)
    total = float(weights.sum(dtype=np.float64))
    out[:count] = weights * (controls.amplitude / total) if total > 0.0 else 0.0
    out[count:] = 0.0
    return out


def _between_spectra(a: np.ndarray, b: np.ndarray, amount: float, out: np.ndarray) -> None:
    """Partials between two spectra of partials; exactly one of them at 0 and 1."""
    if amount <= 0.0 or amount >= 1.0:
        out[:] = a if amount <= 0.0 else b
        return
    power_a, power_b = float(np.dot(a, a)) ** 0.5, float(np.dot(b, b)) ** 0.5
    level = (1.0 - amount) * power_a + amount * power_b
    if not (power_a > 0.0 and power_b > 0.0):
        out[:] = (1.0 - amount) * a + amount * b
        return
    shape = (1.0 - amount) * np.log(a / power_a + FLOOR) + amount * np.log(b / power_b + FLOOR)
    np.maximum(np.exp(shape) - FLOOR, 0.0, out=out)
    power = float(np.dot(out, out)) ** 0.5
    # Of nothing in common (no two partials at the same place) the floor is all that is left.
    out *= level / max(power, FLOOR)


def _mix(voice: _Voice, share: float) -> ControlFrame:
    """Where a slower model's ramp is: ``share`` of the way to what it said last."""
    before, after = voice.before, voice.after
    if share >= 1.0:
        return after
    mixed = ControlFrame(after.n_harmonics, after.n_noise, after.f0_hz)
    mixed.amplitude = before.amplitude + share * (after.amplitude - before.amplitude)
    for name in ("harmonic_distribution", "noise_magnitudes"):
        old, new = getattr(before, name), getattr(after, name)
        getattr(mixed, name)[:] = old + np.float32(share) * (new - old)
    return mixed


def _copy(source: ControlFrame, to: ControlFrame) -> None:
    to.f0_hz, to.amplitude = source.f0_hz, source.amplitude
    to.harmonic_distribution[:] = source.harmonic_distribution
    to.noise_magnitudes[:] = source.noise_magnitudes


def _part_way(before: FeatureFrame, after: FeatureFrame, share: float) -> FeatureFrame:
    """What was asked between two frames of one voice."""
    f0_hz, loudness_db = after.f0_hz, after.loudness_db
    if before.f0_hz > 0.0 and f0_hz > 0.0:
        f0_hz = before.f0_hz * (f0_hz / before.f0_hz) ** share
    if before.loudness_db > SILENCE_DB and loudness_db > SILENCE_DB:
        loudness_db = before.loudness_db + share * (loudness_db - before.loudness_db)
    return FeatureFrame(
        after.time_s,
        f0_hz,
        loudness_db,
        after.confidence,
        voice=after.voice,
        brightness_db=after.brightness_db,
        pitched=before.pitched + share * (after.pitched - before.pitched),
        treble_db=after.treble_db,
    )
