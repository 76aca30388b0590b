"""The MIDI instrument: messages in, feature frames out, on a clock that somebody else drives."""

from __future__ import annotations

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.presets.parts import WHOLE, BandPart
from ddsp_edge.settings import Settings
from ddsp_edge.synth.budget import VoiceBudget
from ddsp_edge.synth.performer import Performer, Score
from ddsp_edge.synth.receiver import Receiver
from native.player import Synth


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
    is for the caller. Wheels, pedals and controllers act on the notes of their own channel. With a
    ``seed`` the same messages are played the same each time; None varies.
    """

    def __init__(
        self,
        info: ModelInfo,
        settings: Settings | None = None,
        seed: int | None = 1,
        part: BandPart = WHOLE,
        budget: VoiceBudget | None = None,
    ) -> None:
        self._synth = _synth_of(info)
        self._performer, self._seed = Performer(info, seed), seed
        super().__init__(settings or Settings(), self._synth, self._performer, part, budget)

    def read_ahead(self, score: Score) -> None:
        """Know these notes before they are played: the performer shapes them as a whole."""
        self._performer.read(score)

    def for_model(self, info: ModelInfo) -> SynthPlayer:
        """Return a player of another model that goes on with every note, pedal and wheel.

        This one may go on too, while it is faded out.
        """
        synth = _synth_of(info)
        synth.adopt(self._synth)
        performer = Performer(info, self._seed)
        other = self.go_on(synth, performer)
        other._synth, other._performer = synth, performer
        return other

    @property
    def next_onset_s(self) -> float:
        """When :meth:`onsets` is to be called next, seconds; infinity when nothing is due."""
        return self._synth.due_s

    def onsets(self, time_s: float) -> list[FeatureFrame]:
        """Return the frames that do not wait for the grid and are due by ``time_s``."""
        self.tell()
        return [FeatureFrame(*frame) for frame in self._synth.onsets(time_s)]

    def frames(self, time_s: float) -> list[FeatureFrame]:
        """Return the frames of a tick of the grid."""
        self.pass_time(time_s)
        self.tell()
        return [FeatureFrame(*frame) for frame in self._synth.frames(time_s)]

    def rests(self, time_s: float) -> bool:
        """Whether every voice has been silent for long: this tick's frames say nothing new."""
        return self._synth.rests(time_s)


def _synth_of(info: ModelInfo) -> Synth:
    return Synth(info.hop_s, *info.note_loudness_db)
