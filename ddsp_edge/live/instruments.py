"""The two kinds of instruments: one follows sound, one follows MIDI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.effect.player import effect_settings
from ddsp_edge.effect.tuner import Tuner
from ddsp_edge.live.instrument import Instrument, PlaybackContext, Tick
from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.parts import WHOLE, BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth.budget import VoiceBudget
from ddsp_edge.synth.performer import Performer
from ddsp_edge.synth.receiver import Receiver
from ddsp_edge.units import SILENCE_DB
from native.rig import MAX_VOICES

if TYPE_CHECKING:
    import mido

    from ddsp_edge.effect.autofit import AutoFit


class EffectInstrument(Instrument):
    """Every tick brings pitch and loudness of the input."""

    source = "effect"
    listens = True
    lead_s = 0.08  # the lowest pitch takes the analyser some 60 ms

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        context: PlaybackContext,
        other: Bundle | None = None,
    ) -> None:
        super().__init__(bundle, settings, context, other)
        self.part.events.effect(effect_settings(settings))
        self._tuner = Tuner(bundle.info.hop_s)
        self._tuner.set(settings.tuning)
        self._fit: AutoFit | None = None

    def hear(self, ticks: Sequence[Tick]) -> None:
        self.heard, self.heard_ticks = ticks[-1].frame(self.rate), ticks
        for tick in ticks:
            self.reading = self._tuner.hear(tick.heard_f0_hz, tick.heard_confidence)
            if self._fit is not None:
                self._fit.hear(tick.heard_f0_hz, tick.heard_confidence, tick.heard_loudness_db)

    def set(self, settings: Settings) -> None:
        super().set(settings)
        self.part.events.effect(effect_settings(settings))
        self._tuner.set(settings.tuning)

    def listen(self) -> AutoFit:
        from ddsp_edge.effect.autofit import AutoFit

        self._fit = AutoFit(self.info.hop_s)
        return self._fit

    def adopt(self, other: Instrument) -> None:
        if isinstance(other, EffectInstrument):
            self.part.go_on_from(other.part)

    def freeze(self, on: bool) -> None:
        self.part.events.freeze(on)

    def panic(self) -> None:
        super().panic()
        self.part.events.reset()

    @property
    def quiet(self) -> bool:
        return self.heard is None or self.heard.loudness_db <= SILENCE_DB


class SynthInstrument(Instrument):
    """Messages become events; the player in the part asks its voices every tick how they are."""

    source = "synth"
    voices = MAX_VOICES  # whatever the setting: it may change while playing
    lead_s = 0.03  # the model's memory of held notes

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        context: PlaybackContext,
        other: Bundle | None = None,
        band_part: BandPart = WHOLE,
        budget: VoiceBudget | None = None,
    ) -> None:
        super().__init__(bundle, settings, context, other)
        self.band_part = band_part
        self._budget = budget or VoiceBudget(context.voice_budget)
        self._receiver = Receiver(
            settings, self.part.events, Performer(bundle.info), band_part, self._budget
        )
        self._receiver.tune(context.key_pitches)
        self._now_s = 0.0

    def receive(self, message: mido.Message, time_s: float) -> None:
        self._now_s = max(self._now_s, time_s)
        self._receiver.receive(self._now_s, message)

    def sound(self) -> None:
        self._receiver.tell()
        super().sound()

    def pass_time(self, time_s: float) -> None:
        self._now_s = max(self._now_s, time_s)
        self._receiver.pass_time(self._now_s)
        self._receiver.tell()
        super().pass_time(time_s)

    def set(self, settings: Settings) -> None:
        super().set(settings)
        self._receiver.set(settings)
        self._receiver.tell()

    def adopt(self, other: Instrument) -> None:
        if type(other) is SynthInstrument:  # a band has no keys of its own
            self._now_s = other._now_s
            self.part.go_on_from(other.part)
            self._receiver = other._receiver.go_on(
                self.part.events, Performer(self.info), self._budget
            )
            self._receiver.tune(self.context.key_pitches)
            self._receiver.change_part(self.band_part)

    def tune(self, pitches: KeyPitches | None) -> None:
        self._receiver.tune(pitches)

    def follow(self, beat: Beat | None) -> None:
        self._receiver.follow(beat)

    def change_part(self, band_part: BandPart) -> None:
        """Take another place in a band; notes end where other keys are heard from now on."""
        self.band_part = band_part
        self._receiver.change_part(band_part)
        self._receiver.tell()

    def freeze(self, on: bool) -> None:
        """Hold the notes that sound, as by a sustain pedal of its own."""
        self._receiver.hold(on)

    def panic(self) -> None:
        super().panic()
        self._receiver.panic(self._now_s)
        self.sound()

    @property
    def notes(self) -> list[int]:
        return list(self._receiver.held_notes)

    @property
    def pan(self) -> float:
        return self._receiver.pan

    @property
    def quiet(self) -> bool:
        return not self._receiver.sounding


SOURCES: dict[str, type[Instrument]] = {
    kind.source: kind for kind in (EffectInstrument, SynthInstrument)
}
