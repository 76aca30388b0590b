"""The two kinds of instruments: one follows sound, one follows MIDI."""

from __future__ import annotations

import mido

from ddsp_edge.bundle import Bundle
from ddsp_edge.effect.player import EffectPlayer
from ddsp_edge.live.instrument import NOW, Instrument, Place
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import SETTINGS, Setting, Settings
from ddsp_edge.synth.player import SynthPlayer
from native.rig import Tick

#: A model that has been shown silence for so long says the same for ever: it is not asked.
SETTLED_S = 2.0


class EffectInstrument(Instrument):
    """Every tick brings pitch and loudness of the input."""

    source = "effect"
    listens = True
    lead_s = 0.08  # the lowest pitch takes the analyser some 60 ms

    def __init__(self, bundle: Bundle, settings: Settings, place: Place) -> None:
        super().__init__(bundle, settings, place)
        self._player = EffectPlayer(bundle.info, settings)
        self._silent_ticks = 0
        self._settled_ticks = round(SETTLED_S / bundle.info.hop_s)

    def answer_tick(self, tick: Tick) -> None:
        frame = self._player.frame(
            tick.f0_hz, tick.confidence, tick.loudness_db, tick.position / self.place.rate
        )
        self.heard = frame
        if frame.loudness_db > SILENCE_DB:
            self._silent_ticks = 0
        else:
            self._silent_ticks += 1
        if self._silent_ticks > self._settled_ticks:
            self.send_silence(0, tick.position)
        else:
            self.send(frame, tick.position)

    def set(self, settings: Settings) -> None:
        super().set(settings)
        self._player.set(settings)

    def freeze(self, on: bool) -> None:
        self._player.freeze(on)

    @property
    def quiet(self) -> bool:
        return self._silent_ticks > 0


class SynthInstrument(Instrument):
    """Every tick asks the notes how they are; a note that starts does not wait for one."""

    source = "synth"
    voices = 16
    lead_s = 0.03

    def __init__(self, bundle: Bundle, settings: Settings, place: Place) -> None:
        super().__init__(bundle, settings, place)
        self._player = SynthPlayer(bundle.info, settings)

    def answer_tick(self, tick: Tick) -> None:
        rate = self.place.rate
        for frame in self._player.frames(tick.position / rate, self.info.hop_s):
            self.send(frame, round(frame.time_s * rate))

    def receive(self, message: mido.Message, time_s: float) -> None:
        for frame in self._player.receive(time_s, message):
            self.send(frame, NOW)


SOURCES: dict[str, type[Instrument]] = {
    kind.source: kind for kind in (EffectInstrument, SynthInstrument)
}
