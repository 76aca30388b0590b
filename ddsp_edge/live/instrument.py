"""A model (or two, and what lies between) that is ready to play, and its part in the rig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.conditioned import decoding_of
from ddsp_edge.decoding.conditioner import conditioning
from ddsp_edge.effect.tuner import Reading
from ddsp_edge.errors import UserError
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.live.timing import Gauges
from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from native.rig import Part

if TYPE_CHECKING:
    import mido

    from ddsp_edge.effect.autofit import AutoFit

#: The parts of a band, each with its model.
Band = tuple[tuple[BandPart, Bundle], ...]
#: Of moments that waited, only so many are worth decoding: newer ones are there.
MOST_BEHIND = 8


class Tick(NamedTuple):
    """A row of ``native.rig.TICK_DTYPE``."""

    position: int
    made_ns: int
    heard_f0_hz: float
    heard_confidence: float
    heard_loudness_db: float
    voice: int
    settled: int
    f0_hz: float
    loudness_db: float
    confidence: float
    brightness_db: float
    pitched: float
    treble_db: float
    partials_db: float
    partials_at: float
    onset: int

    def frame(self, rate: int) -> FeatureFrame:
        """What the player asks of the model."""
        return FeatureFrame(
            self.position / rate,
            self.f0_hz,
            self.loudness_db,
            self.confidence,
            bool(self.onset),
            self.voice,
            self.brightness_db,
            self.pitched,
            self.treble_db,
            self.partials_db,
            self.partials_at,
        )


@dataclass
class PlaybackContext:
    """What instruments are made for."""

    rate: int  #: Hz, the card's; both change only while no card runs
    period: int  #: samples
    gauges: Gauges
    runtime: str | None = None
    seed: int = 1
    key_pitches: KeyPitches | None = None  #: of a tuning; None: equal temperament
    voice_budget: int | None = None  #: voices that sound at once in all parts; None: all of them


class Instrument:
    """Made and warmed in the loader's thread, from then on the control thread's alone.

    ``other`` is the model that the setting ``morph`` leads to. Raises UserError where a model
    cannot be used.
    """

    source = ""
    listens = False
    voices = 1
    #: It runs unheard for so long before it is faded in: ears and memory settle.
    lead_s = 0.0

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        context: PlaybackContext,
        other: Bundle | None = None,
    ) -> None:
        info = bundle.info
        self.bundle, self.other, self.info, self.context = bundle, other, info, context
        self.rate, self.period = context.rate, context.period
        decoding = decoding_of(
            bundle, settings, context.runtime, self.voices, other, notes=not self.listens
        )
        #: Decodes in the control thread what C does not know; None: the part decodes by itself.
        self.decoder = decoding if decoding.decoders else None
        found = bundle.response
        self.part = Part(
            context.rate,
            self.period,
            self.voices,
            decoding.n_harmonics,
            decoding.n_noise,
            decoding.band_limit_hz,
            info.hop_s,
            listens=self.listens,
            seed=context.seed,
            second=decoding.second,
            loudness_db=info.note_loudness_db,
            conditioner=None if decoding.decoders else decoding.conditioner,
            response=None if found is None else (found.samples, found.rate),
        )
        #: The band that it was asked to play with; it plays it where it follows MIDI.
        self.band: Band = ()
        self.heard: FeatureFrame | None = None  #: what an ear heard last
        self.reading: Reading | None = None  #: what a tuner shows of it
        self.heard_ticks: Sequence[Tick] = ()  #: that were answered last
        self.silenced = False  #: it only fades out, and may say nothing more
        self._no_harmonics = np.zeros(self.part.n_harmonics, np.float32)
        self._no_noise = np.zeros(self.part.n_noise, np.float32)

    @property
    def parts(self) -> list[Part]:
        """The parts of the rig that play it, one or, of a band, several."""
        return [self.part]

    def retire(self, part: Part) -> bool:
        """Take note that the rig has done with a part of its; whether that was the last one."""
        return part is self.part

    def change_parts(self, parts: Sequence[BandPart]) -> None:
        """Take other levels, places and keys of the parts of a band; others have none."""

    def tune(self, pitches: KeyPitches | None) -> None:
        """Take the pitches of the keys; an instrument that listens to sound has none."""

    def follow(self, beat: Beat | None) -> None:
        """Take the beat of a clock, in seconds of the rig; an instrument that listens has none."""

    def answer(self) -> None:
        """Take the ticks that fell due since the last call; send what is to be played."""
        found, self.heard_ticks = self.part.read_ticks(), ()
        if not len(found) or self.silenced:
            return
        ticks = [Tick(*row) for row in found.tolist()]
        self.hear(ticks)
        if self.decoder is None:
            return
        gauges = self.context.gauges
        gauges.woken(len(ticks), ticks[0].made_ns)
        moments = [list(group) for _, group in groupby(ticks, key=lambda tick: tick.position)]
        if len(moments) > MOST_BEHIND:
            gauges.skipped += len(moments) - MOST_BEHIND
            moments = moments[-MOST_BEHIND:]
        for moment in moments:
            self.answer_moment(moment)

    def hear(self, ticks: Sequence[Tick]) -> None:
        """Take note of what was heard; an instrument without ears does nothing with it."""

    def answer_moment(self, ticks: Sequence[Tick]) -> None:
        """Decode what fell due at one moment; it is heard a period later."""
        for tick in ticks:
            if tick.settled:
                self.send_silence(tick.voice, tick.position)
        asked = [tick.frame(self.rate) for tick in ticks if not tick.settled]
        self.send(asked, ticks[0].position)

    def set(self, settings: Settings) -> None:
        """Take new settings, from the next frame on."""
        if self.decoder is None:
            self.part.events.condition(conditioning(settings))
        else:
            self.decoder.set(settings)

    def receive(self, message: mido.Message, time_s: float) -> None:
        """A MIDI message; an instrument that listens to sound does nothing with it."""

    def sound(self) -> None:
        """After the messages that came together: send what they changed."""
        self.part.events.flush()

    def pass_time(self, time_s: float) -> None:
        """Some time has passed, now and then; ``time_s`` seconds of the rig's clock."""
        self.part.events.flush()

    def listen(self) -> AutoFit:
        """Learn the player's range from now on. Raises UserError without ears."""
        raise UserError("auto-fit listens to sound; this instrument is played by MIDI")

    def adopt(self, other: Instrument) -> None:
        """Go on with what the instrument before this one is playing."""

    def freeze(self, on: bool) -> None:
        """The sound of this moment stays."""

    def panic(self) -> None:
        """Forget every note, what is frozen and what the model remembers."""
        if self.decoder is not None:  # else the rig's panic has told the part
            self.decoder.reset()

    @property
    def faults(self) -> int:
        """Frames in which a model gave NaN or infinity."""
        return self.part.faults if self.decoder is None else self.decoder.faults

    @property
    def notes(self) -> list[int]:
        """The MIDI keys that sound or are held."""
        return []

    @property
    def pan(self) -> float:
        """The player's own pan, -1..1."""
        return 0.0

    @property
    def quiet(self) -> bool:
        """Nothing sounds: a good moment for housework."""
        return True

    def send(self, frames: Sequence[FeatureFrame], position: int) -> None:
        """Decode frames of different voices for the moment at ``position``."""
        if not frames or self.decoder is None:
            return
        clock = self.context.gauges.clock
        begun = clock()
        found = self.decoder.targets_of(frames)
        took = clock() - begun
        for frame, targets in zip(frames, found, strict=True):
            self.context.gauges.decode_ns.add(took // len(frames))
            for offset_s, controls, ramp_s in targets:
                self.part.send_frame(
                    frame.voice,
                    position + round(offset_s * self.rate),
                    controls.f0_hz,
                    controls.amplitude,
                    controls.harmonic_distribution,
                    controls.noise_magnitudes,
                    ramp_s,
                    onset=frame.onset,
                )

    def send_silence(self, voice: int, position: int) -> None:
        """Send a silent frame, without asking the model."""
        self.part.send_frame(
            voice, position, 0.0, 0.0, self._no_harmonics, self._no_noise, self.info.hop_s
        )
