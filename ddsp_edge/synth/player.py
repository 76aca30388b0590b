"""The MIDI instrument: messages in, feature frames out, on a clock that somebody else drives."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.frames import ONSET_RAMP_S, FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.synth import midi_map
from ddsp_edge.synth.controllers import Controllers
from ddsp_edge.synth.receiver import Receiver
from ddsp_edge.synth.voice import CLOSE_S, NEVER, NoteVoice
from ddsp_edge.units import SILENCE_DB

HIGHEST_PITCH = 150.0  #: MIDI note; 47 kHz, no instrument is there


class SynthPlayer(Receiver):
    """Notes, controllers and voices of one model; offline and live are driven alike.

    Times are seconds on one clock: that of the sound (offline from the start of the file, live
    from the start of the stream). They may come a little out of order. Nothing blocks, logs or
    raises on any message. Not thread-safe: one thread calls everything.

    How to drive it:

    * ``receive(time_s, message, port)`` whenever a message comes (all that came together first),
      then ``onsets(time_s)``: the frames of the notes that it started; play them at once.
    * ``frames(time_s)`` once at each tick of the model's hop: a frame for each voice that sounds
      (and for those that have just fallen silent; for voice 0 always, so that a frame comes every
      tick). They say what is to be reached one hop later.
    * ``onsets(next_onset_s)`` when that time has come (a note struck again dips and rises 5 ms
      later); infinity when nothing is due. A call at the next tick is early enough.
    * ``unplugged(time_s, port)`` when a keyboard goes; ``panic(time_s)``; ``set(settings)``.
      ``for_model(info)`` is the player that goes on after a change of the model.

    After the caller itself was late, messages come before ticks: else active sensing, which is
    checked at each tick, seems to have stopped.

    Each FeatureFrame says its ``voice``, from 0 up, below ``settings.voices`` (after :meth:`set`
    with fewer voices the others still fade out). ``pan`` (-1..1, CC 10, to be added to the setting)
    is for the caller, and ``on_program(bank, program)`` is called from ``receive`` (bank 0..16383,
    program 0..127). With ``by_channel`` wheels, pedals and controllers act on the notes of
    their own channel only, as in a file; without it (live) they play the whole instrument.
    """

    def __init__(
        self,
        info: ModelInfo,
        settings: Settings | None = None,
        on_program: Callable[[int, int], None] | None = None,
        by_channel: bool = False,
    ) -> None:
        self._use(info)
        self._grid_s = 0.0  # the last tick
        self._turn_s = self._turn = 0.0  # the vibrato was at phase _turn (of 1) then
        super().__init__(settings or Settings(), on_program, by_channel)

    def _use(self, info: ModelInfo) -> None:
        self._hop_s, self._loudest = info.hop_s, info.max_loudness_db
        self._model_range_db = info.max_loudness_db - info.min_loudness_db

    def for_model(self, info: ModelInfo) -> SynthPlayer:
        """A player of another model that goes on with every note, pedal and wheel of this one.

        This one may go on too, while it is faded out.
        """
        other = copy.copy(self)
        # Together: a key and the controllers speak of the same channel's touch.
        other._notes, other._controllers, other._channels = copy.deepcopy(
            (self._notes, self._controllers, self._channels)
        )
        other._sensing = dict(self._sensing)
        other._use(info)
        return other

    @property
    def next_onset_s(self) -> float:
        """When :meth:`onsets` is to be called next, seconds; infinity when nothing is due."""
        return min(voice.due_s for voice in self._notes.voices)

    def onsets(self, time_s: float) -> list[FeatureFrame]:
        """The frames that do not wait for the grid and are due by ``time_s``."""
        found = []
        for voice in self._notes.voices:
            due_s = voice.due_s
            if due_s <= time_s and due_s < NEVER:
                voice.take_due()
                ahead_s = ONSET_RAMP_S
                if not voice.dips_at(due_s):
                    # It holds until the next grid frame: say what should be there by then.
                    since = due_s + CLOSE_S - self._grid_s
                    hops = max(1, math.ceil(since / self._hop_s))
                    following = self._grid_s + hops * self._hop_s
                    ahead_s = max(ahead_s, following - due_s)
                found.append(self._frame(voice, due_s, ahead_s, onset=True))
        return found

    def frames(self, time_s: float) -> list[FeatureFrame]:
        """The frames of a tick of the grid."""
        self._grid_s, self._now = time_s, max(self._now, time_s)
        self._check_sensing()
        return [
            self._frame(voice, time_s, self._hop_s)
            for voice in self._notes.voices
            if not (voice.skips(time_s) or (voice.index and voice.rests(time_s)))
        ]

    def rests(self, time_s: float) -> bool:
        """Every voice has been silent for long: the frames of this tick say nothing new."""
        return all(voice.rests(time_s) for voice in self._notes.voices)

    def set(self, settings: Settings) -> None:
        """New settings while playing. Another number of voices, channel or MPE ends all notes."""
        self._turn, self._turn_s = self._phase(self._now), self._now
        super().set(settings)

    def _frame(
        self, voice: NoteVoice, time_s: float, ahead_s: float, onset: bool = False
    ) -> FeatureFrame:
        # A frame is reached at the end of its ramp: say what should be there then.
        reached_s = time_s + ahead_s
        level, key = voice.level(reached_s), voice.key
        controllers = self._controllers_of(key.channel if key else 0)
        member = key.member if key else None
        pitch = (
            voice.pitch(reached_s)
            + controllers.bend(member)
            + self._vibrato(reached_s, controllers)
        )
        loudness = SILENCE_DB
        if level > 0.0 and key is not None:
            range_db = min(self.settings.velocity_range, self._model_range_db)
            loudness = self._loudest - range_db * (1 - key.velocity / 127)
            loudness += controllers.level_db + controllers.pressure_db(key.pressure, member)
            loudness += 20.0 * math.log10(level) - midi_map.SOFT_DB * key.soft
        voice.loudness_db = max(SILENCE_DB, min(loudness, 0.0))
        return FeatureFrame(
            time_s,
            self.settings.tuning * 2.0 ** ((min(pitch, HIGHEST_PITCH) - 69.0) / 12.0),
            voice.loudness_db,
            onset=onset,
            voice=voice.index,
            brightness_db=controllers.brightness_db(member),
        )

    def _phase(self, time_s: float) -> float:
        return self._turn + self.settings.vibrato_rate * (time_s - self._turn_s)

    def _vibrato(self, time_s: float, controllers: Controllers) -> float:
        """Semitones."""
        depth = self.settings.vibrato_depth * controllers.vibrato
        if not depth:
            return 0.0
        return depth * math.sin(2 * math.pi * self._phase(time_s))
