"""The two kinds of instruments: one follows sound, one follows MIDI."""

from __future__ import annotations

import mido

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.effect.autofit import AutoFit
from ddsp_edge.effect.player import EffectPlayer
from ddsp_edge.effect.tuner import Tuner
from ddsp_edge.live.instrument import Instrument, Place, Tick
from ddsp_edge.settings import Settings
from ddsp_edge.synth.player import SynthPlayer
from ddsp_edge.units import SILENCE_DB
from native.rig import MAX_VOICES, NOW

#: A model that has been shown silence for so long says the same for ever: it is not asked.
SETTLED_S = 2.0


class EffectInstrument(Instrument):
    """Every tick brings pitch and loudness of the input."""

    source = "effect"
    listens = True
    lead_s = 0.08  # the lowest pitch takes the analyser some 60 ms

    def __init__(
        self, bundle: Bundle, settings: Settings, place: Place, other: Bundle | None = None
    ) -> None:
        super().__init__(bundle, settings, place, other)
        hop_s = bundle.info.hop_s
        self._player, self._tuner = EffectPlayer(bundle.info, settings), Tuner(hop_s)
        self._tuner.set(settings.tuning)
        self._fit: AutoFit | None = None
        self._silent_ticks, self._settled_ticks = 0, round(SETTLED_S / hop_s)

    def answer_tick(self, tick: Tick) -> None:
        position, _, f0_hz, confidence, loudness_db = tick
        frame = self._player.frame(f0_hz, confidence, loudness_db, position / self.place.rate)
        self.heard, self.reading = frame, self._tuner.hear(f0_hz, confidence)
        if self._fit is not None:
            self._fit.hear(f0_hz, confidence, loudness_db)
        if frame.loudness_db > SILENCE_DB:
            self._silent_ticks = 0
        else:
            self._silent_ticks += 1
        if self._silent_ticks > self._settled_ticks:
            self.send_silence(0, position)
        else:
            self.send([frame], position)

    def set(self, settings: Settings) -> None:
        super().set(settings)
        self._player.set(settings)
        self._tuner.set(settings.tuning)

    def listen(self) -> AutoFit:
        self._fit = AutoFit(self.info.hop_s)
        return self._fit

    def adopt(self, other: Instrument) -> None:
        if isinstance(other, EffectInstrument):
            self._player = other._player.for_model(self.info)

    def freeze(self, on: bool) -> None:
        self._player.freeze(on)

    def panic(self) -> None:
        super().panic()
        self._player.reset()

    @property
    def quiet(self) -> bool:
        return self._silent_ticks > 0


class SynthInstrument(Instrument):
    """Every tick asks the notes how they are; a note that starts does not wait for one."""

    source = "synth"
    voices = MAX_VOICES  # whatever the setting: it may change while playing
    lead_s = 0.03  # the model's memory of held notes

    def __init__(
        self, bundle: Bundle, settings: Settings, place: Place, other: Bundle | None = None
    ) -> None:
        super().__init__(bundle, settings, place, other)
        self._player = SynthPlayer(bundle.info, settings)
        self._now_s = 0.0

    def answer_tick(self, tick: Tick) -> None:
        position = tick[0]
        time_s = position / self.place.rate
        self._now_s = max(self._now_s, time_s)
        frames = self._player.frames(time_s)
        if self._player.rests(time_s):
            self.send_silence(0, position)
        else:
            self.send(frames, position)
        self._send_onsets(self._now_s)

    def receive(self, message: mido.Message, time_s: float) -> None:
        self._now_s = max(self._now_s, time_s)
        self._player.receive(self._now_s, message)

    def sound(self) -> None:
        self._send_onsets(self._now_s)

    def _send_onsets(self, now_s: float) -> None:
        """Notes that start now, with the next block; and what is to follow before the next tick
        (a note struck again dips first): without the period that ticks are late."""
        player, place = self._player, self.place
        self.send(player.onsets(now_s), NOW)
        while (due_s := player.next_onset_s) <= now_s + self.info.hop_s:
            position = max(0, round(due_s * place.rate) - place.period)
            self.send(player.onsets(due_s), position)

    def set(self, settings: Settings) -> None:
        super().set(settings)
        self._player.set(settings)

    def adopt(self, other: Instrument) -> None:
        if isinstance(other, SynthInstrument):
            self._now_s = other._now_s
            self._player = other._player.for_model(self.info)

    def freeze(self, on: bool) -> None:
        """A pedal of its own."""
        channel = max(0, self._player.settings.channel - 1)
        value = 127 if on else 0
        pedal = mido.Message("control_change", channel=channel, control=64, value=value)
        self._player.receive(self._now_s, pedal, "freeze")

    def panic(self) -> None:
        super().panic()
        self._player.panic(self._now_s)
        self.sound()

    @property
    def notes(self) -> list[int]:
        return list(self._player.held_notes)

    @property
    def pan(self) -> float:
        return self._player.pan

    @property
    def quiet(self) -> bool:
        return not self._player.sounding


SOURCES: dict[str, type[Instrument]] = {
    kind.source: kind for kind in (EffectInstrument, SynthInstrument)
}
