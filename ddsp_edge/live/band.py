"""Several parts that play together: a band, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.live.instrument import Band, Instrument, PlaybackContext
from ddsp_edge.live.instruments import SynthInstrument
from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth.budget import VoiceBudget
from native.rig import Part

if TYPE_CHECKING:
    import mido

#: Between the seeds of two parts, so that no two have the same noise.
SEED_STEP = 0x9E37


class BandInstrument(SynthInstrument):
    """One instrument that is several: each message goes to every part, which hears its own
    channel and keys. ``band`` has 1 to 16 parts; ``bundle`` is the preset's own model.

    Made in the loader's thread, then the control thread's. Raises UserError.
    """

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        context: PlaybackContext,
        band: Band,
    ) -> None:
        self.bundle, self.other, self.info, self.context = bundle, None, bundle.info, context
        self.rate, self.period = context.rate, context.period
        self.band = band
        self.heard = self.reading = None
        self._silenced = False
        budget = VoiceBudget(context.voice_budget)
        self.players = [
            SynthInstrument(
                model,
                settings,
                replace(context, seed=context.seed + SEED_STEP * index),
                None,
                band_part,
                budget,
            )
            for index, (band_part, model) in enumerate(band)
        ]
        self.part = self.players[0].part
        self._retired: set[int] = set()
        self._place()

    def _place(self) -> None:
        """Give each part its level and place, with the pan that its channel was sent."""
        for player in self.players:
            player.part.set_gain(*player.band_part.gains(player.pan))

    @property
    def silenced(self) -> bool:
        """Whether it only fades out, and may say nothing more."""
        return self._silenced

    @silenced.setter
    def silenced(self, on: bool) -> None:
        self._silenced = on
        for player in self.players:
            player.silenced = on

    @property
    def parts(self) -> list[Part]:
        return [player.part for player in self.players]

    def retire(self, part: Part) -> bool:
        self._retired |= {i for i, player in enumerate(self.players) if player.part is part}
        return len(self._retired) == len(self.players)

    def change_parts(self, parts: Sequence[BandPart]) -> None:
        if len(parts) != len(self.players):
            return  # of a band that is being loaded
        for player, band_part in zip(self.players, parts, strict=True):
            if band_part != player.band_part:
                player.change_part(band_part)
        self.band = tuple(
            (band_part, bundle) for band_part, (_, bundle) in zip(parts, self.band, strict=True)
        )
        self._place()
        for player in self.players:
            player.sound()

    def _each(self, call: Callable[[SynthInstrument], None]) -> None:
        for player in self.players:
            call(player)

    def answer(self) -> None:
        self._each(lambda player: player.answer())

    def tune(self, pitches: KeyPitches | None) -> None:
        self._each(lambda player: player.tune(pitches))

    def follow(self, beat: Beat | None) -> None:
        self._each(lambda player: player.follow(beat))

    def set(self, settings: Settings) -> None:
        self._each(lambda player: player.set(settings))

    def receive(self, message: mido.Message, time_s: float) -> None:
        self._each(lambda player: player.receive(message, time_s))

    def sound(self) -> None:
        self._each(lambda player: player.sound())
        self._place()

    def pass_time(self, time_s: float) -> None:
        self._each(lambda player: player.pass_time(time_s))

    def adopt(self, other: Instrument) -> None:
        """Go on with the notes of a band of as many parts; of others none is taken over."""
        if isinstance(other, BandInstrument) and len(other.players) == len(self.players):
            for player, before in zip(self.players, other.players, strict=True):
                player.adopt(before)
            self._place()

    def freeze(self, on: bool) -> None:
        self._each(lambda player: player.freeze(on))

    def panic(self) -> None:
        self._each(lambda player: player.panic())

    @property
    def faults(self) -> int:
        return sum(player.faults for player in self.players)

    @property
    def notes(self) -> list[int]:
        return [note for player in self.players for note in player.notes]

    @property
    def pan(self) -> float:
        """The pan of the whole, which is in the middle: each part has its own."""
        return 0.0

    @property
    def quiet(self) -> bool:
        return all(player.quiet for player in self.players)
