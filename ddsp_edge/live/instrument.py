"""A model that is ready to play: decoder, shaper and its part in the rig."""

from __future__ import annotations

from dataclasses import dataclass

import mido
import numpy as np

from ddsp_edge.bundle import Bundle
from ddsp_edge.decoder import Decoder
from ddsp_edge.effect.autofit import AutoFit
from ddsp_edge.effect.tuner import Reading
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.live.gauges import Gauges
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import Settings
from ddsp_edge.shaper import Shaper
from native.rig import Part

#: Of ticks that waited, only so many are worth decoding: newer ones are there.
MOST_BEHIND = 8
#: position, made_ns, f0_hz, confidence, loudness_db
Tick = tuple[int, int, float, float, float]


@dataclass
class Place:
    """What instruments are made for."""

    rate: int  #: Hz, the card's
    period: int  #: samples; changes only while no card runs
    gauges: Gauges
    runtime: str | None = None
    seed: int = 1


class Instrument:
    """Made and warmed in the loader's thread, from then on the control thread's alone.

    Raises UserError where the model cannot be used.
    """

    source = ""
    listens = False
    voices = 1
    #: It runs unheard for so long before it is faded in: ears and memory settle.
    lead_s = 0.0

    def __init__(self, bundle: Bundle, settings: Settings, place: Place) -> None:
        info = bundle.info
        self.bundle, self.info, self.place = bundle, info, place
        self.decoder = Decoder(bundle, place.runtime, self.voices)
        self.shaper = Shaper(info, settings)
        self.period = place.period
        self.part = Part(
            place.rate,
            self.period,
            self.voices,
            info.n_harmonics,
            info.n_noise,
            info.band_limit_hz,
            info.hop_s,
            listens=self.listens,
            seed=place.seed,
        )
        self.heard: FeatureFrame | None = None  #: what an ear heard last
        self.reading: Reading | None = None  #: what a tuner shows of it
        self.silenced = False  #: it only fades out, and may say nothing more
        self._controls = ControlFrame(info.n_harmonics, info.n_noise)
        self._no_harmonics = np.zeros(info.n_harmonics, np.float32)
        self._no_noise = np.zeros(info.n_noise, np.float32)
        # Every voice once: what the runtime allocates lazily, it allocates now.
        warm = FeatureFrame(0.0, info.min_pitch_hz, SILENCE_DB)
        for voice in range(self.voices):
            self.shaper.decode(self.decoder, warm, self._controls, voice)
        self.decoder.reset()

    def answer(self) -> None:
        """Take the ticks that fell due since the last call; send what is to be played."""
        found = self.part.read_ticks()
        if not len(found) or self.silenced:
            return
        ticks: list[Tick] = found.tolist()
        gauges = self.place.gauges
        gauges.woken(len(ticks), ticks[0][1])
        if len(ticks) > MOST_BEHIND:
            gauges.skipped += len(ticks) - MOST_BEHIND
            ticks = ticks[-MOST_BEHIND:]
        for tick in ticks:
            self.answer_tick(tick)

    def answer_tick(self, tick: Tick) -> None:
        """What is to be heard a period and a hop after the tick's position."""
        raise NotImplementedError

    def set(self, settings: Settings) -> None:
        """From the next frame on."""
        self.shaper.set(settings)

    def receive(self, message: mido.Message, time_s: float) -> None:
        """A MIDI message; an instrument that listens to sound does nothing with it."""

    def sound(self) -> None:
        """After the messages that came together: what they start, starts now."""

    def listen(self) -> AutoFit:
        """Learn the player's range from now on. Raises UserError without ears."""
        raise UserError("auto-fit listens to sound; this instrument is played by MIDI")

    def adopt(self, other: Instrument) -> None:
        """Go on with what the instrument before this one is playing."""

    def freeze(self, on: bool) -> None:
        """The sound of this moment stays."""

    def panic(self) -> None:
        """Forget every note, what is frozen and what the model remembers."""
        self.decoder.reset()

    @property
    def notes(self) -> list[int]:
        """The MIDI keys that sound or are held."""
        return []

    @property
    def pan(self) -> float:
        """-1..1, the player's own."""
        return 0.0

    @property
    def quiet(self) -> bool:
        """Nothing sounds: a good moment for housework."""
        return True

    def send(self, frame: FeatureFrame, position: int) -> None:
        """Decode a frame for the tick at ``position``, or NOW."""
        controls, clock = self._controls, self.place.gauges.clock
        begun = clock()
        f0_hz = self.shaper.decode(self.decoder, frame, controls, frame.voice)
        self.place.gauges.decode_ns.add(clock() - begun)
        self.part.send_frame(
            frame.voice,
            position,
            f0_hz,
            controls.amplitude,
            controls.harmonic_distribution,
            controls.noise_magnitudes,
            self.shaper.ramp_s(frame),
        )

    def send_silence(self, voice: int, position: int) -> None:
        """Without asking the model."""
        self.part.send_frame(
            voice, position, 0.0, 0.0, self._no_harmonics, self._no_noise, self.info.hop_s
        )
