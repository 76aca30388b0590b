"""Feature frames in, sound out: decoder and kernel, frame-locked and deterministic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.conditioned import decoding_of
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.units import HIGHEST_RATE, LOWEST_RATE, db_to_gain, pan_gains
from native.kernel import Convolver, NoiseBank, Output, Voice

#: The sample from which on a voice moves to the controls, and the length of that ramp in seconds.
Due = tuple[int, ControlFrame, float]


class Engine:
    """One instrument. Not thread-safe; the same frames always give the same sound.

    ``rate`` is the card's, in Hz, whatever the model was trained at; ``voices`` how many
    sound at once. ``other`` is the model that the setting ``morph`` leads to; ``notes``: what is
    played is MIDI (see ``decoding_of``). Raises UserError.
    """

    def __init__(
        self,
        bundle: Bundle,
        rate: int = 48_000,
        settings: Settings | None = None,
        runtime: str | None = None,
        seed: int = 1,
        voices: int = 1,
        other: Bundle | None = None,
        notes: bool = False,
    ) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise UserError(f"--rate {rate}: choose {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        self.info, self.rate = bundle.info, rate
        self.settings = settings or Settings()
        self._decoding = decoding = decoding_of(
            bundle, self.settings, runtime, voices, other, notes
        )
        self._voices = [
            Voice(
                rate,
                decoding.n_harmonics,
                decoding.n_noise,
                decoding.band_limit_hz,
                seed=(seed + i) % 2**32,
                second=decoding.second,
            )
            for i in range(voices)
        ]
        # As in a part that plays live: several voices share one noise.
        self._bank: NoiseBank | None = None
        if voices > 1:
            self._bank = NoiseBank(
                rate, decoding.n_noise, decoding.band_limit_hz, seed=seed, second=decoding.second
            )
        self._response: Convolver | None = None
        if bundle.response is not None:
            self._response = Convolver(bundle.response.samples, rate, bundle.response.rate)
        self._output = Output(rate)
        self._pan = 0.0  # of the player, beside the setting
        self.set(self.settings)
        self._output.reset()

    def set(self, settings: Settings) -> None:
        """Take new settings; the sound moves to them on a ramp."""
        self.settings = settings
        self._decoding.set(settings)
        self._set_gain()
        self._output.set_reverb(settings.reverb_size, settings.reverb_damping, settings.reverb_wet)

    def _set_gain(self) -> None:
        gain = db_to_gain(self.settings.output_gain)
        left, right = pan_gains(self.settings.pan + self._pan)
        self._output.set_gain(gain * left, gain * right)

    def reset(self) -> None:
        """Forget everything: notes, the model's state, the reverb's tail."""
        self._decoding.reset()
        for voice in self._voices:
            voice.reset()
        if self._bank is not None:
            self._bank.reset()
        if self._response is not None:
            self._response.reset()
        self._pan = 0.0
        self._set_gain()
        self._output.reset()

    def _aim(self, voice: int, controls: ControlFrame, ramp_s: float) -> None:
        self._voices[voice].set_frame(
            controls.f0_hz,
            controls.amplitude,
            controls.harmonic_distribution,
            controls.noise_magnitudes,
            ramp_s,
        )

    def render(
        self,
        frames: Iterable[FeatureFrame],
        duration_s: float,
        pans: Iterable[tuple[float, float]] = (),
    ) -> np.ndarray:
        """Sound of ``frames`` (of each voice in the order of their times), (samples, 2) float32.

        ``pans`` are (seconds, -1..1) in the order of time: the player's own, added to the setting.
        """
        return self._to_stereo(self.mono(frames, duration_s), pans)

    def mono(self, frames: Iterable[FeatureFrame], duration_s: float) -> np.ndarray:
        """The sound of ``frames`` before gain, pan and reverb, (samples,) float32."""
        mono = np.zeros(round(duration_s * self.rate), np.float32)
        parts: list[list[FeatureFrame]] = [[] for _ in self._voices]
        for frame in frames:
            parts[frame.voice].append(frame)
        if self._bank is None:
            self._render_alone(parts[0], mono)
        else:
            self._render_shared(self._bank, parts, mono)
        if self._response is not None and self.settings.body > 0.0:
            heard = np.empty_like(mono)
            self._response.process(mono, heard)
            mono += np.float32(self.settings.body) * heard
        return mono

    def _render_alone(self, frames: list[FeatureFrame], out: np.ndarray) -> None:
        voice, at = self._voices[0], 0
        for due, controls, ramp_s in self._targets(frames, len(out)):
            if due > at:
                voice.render(out[at:due])
                at = due
            self._aim(0, controls, ramp_s)
        voice.render(out[at:])

    def _render_shared(
        self, bank: NoiseBank, parts: list[list[FeatureFrame]], out: np.ndarray
    ) -> None:
        sound = np.empty(bank.max_block, np.float32)
        playing: list[tuple[int, list[Due], Iterator[Due]]] = [
            (index, [], self._targets(frames, len(out)))
            for index, frames in enumerate(parts)
            if frames
        ]
        for start in range(0, len(out), bank.max_block):
            block = out[start : start + bank.max_block]
            for index, waiting, targets in playing:
                self._render_block(bank, index, waiting, targets, start, sound[: len(block)])
                block += sound[: len(block)]
            bank.render(block)

    def _render_block(
        self,
        bank: NoiseBank,
        index: int,
        waiting: list[Due],
        targets: Iterator[Due],
        start: int,
        out: np.ndarray,
    ) -> None:
        """Harmonics of a voice from the sample ``start`` on into ``out``, its noise into the bank.

        ``waiting`` keeps the target that is due after this block for the next one.
        """
        voice, at = self._voices[index], 0
        for due, controls, ramp_s in chain(waiting[:], targets):
            waiting.clear()
            if due >= start + len(out):
                waiting.append((due, controls, ramp_s))
                break
            if due - start > at:
                voice.render_shared(bank, out[at : due - start], at)
                at = due - start
            self._aim(index, controls, ramp_s)
        voice.render_shared(bank, out[at:], at)

    def _targets(self, frames: list[FeatureFrame], length: int) -> Iterator[Due]:
        """What a voice is to reach: from which sample (of ``length``) on, and in how many s."""
        for frame, following in zip_longest(frames, frames[1:]):
            next_s = following.time_s if following is not None else math.inf
            for offset_s, controls, ramp_s in self._decoding.targets(frame):
                time_s = frame.time_s + offset_s
                if offset_s and time_s >= next_s:
                    continue  # overtaken by a note that starts
                # Each time is rounded by itself: no drift, whatever the hop is in samples.
                yield min(round(time_s * self.rate), length), controls, ramp_s

    def _to_stereo(self, mono: np.ndarray, pans: Iterable[tuple[float, float]]) -> np.ndarray:
        stereo, at = np.empty((len(mono), 2), np.float32), 0
        for time_s, pan in pans:
            due = min(round(time_s * self.rate), len(mono))
            self._output.process(mono[at:due], stereo[at:due])
            at, self._pan = due, pan
            self._set_gain()
        self._output.process(mono[at:], stereo[at:])
        return stereo
