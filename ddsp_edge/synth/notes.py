"""Keys to voices: what sounds when a key goes down or is let go."""

from __future__ import annotations

import copy
from collections.abc import Callable

from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import WAVES_IN_BEAT, Settings
from ddsp_edge.synth.allocation import pick, spare_voice
from ddsp_edge.synth.budget import VoiceBudget
from ddsp_edge.synth.controllers import Controllers
from ddsp_edge.synth.keys import Key, Keys
from ddsp_edge.synth.performer import Performer
from ddsp_edge.synth.voice import NoteVoice
from native.player import EventSender, SynthSettings


def synth_settings(settings: Settings) -> SynthSettings:
    """What the synth player is told of the settings."""
    return SynthSettings(
        attack_s=settings.attack,
        decay_s=settings.decay,
        sustain=settings.sustain,
        release_s=settings.release,
        tuning_hz=settings.tuning,
        velocity_range_db=settings.velocity_range,
        vibrato_rate_hz=settings.vibrato_rate,
        vibrato_depth=settings.vibrato_depth,
        vibrato_amount=settings.expression * settings.expression_vibrato,
        pitch_amount=settings.expression * settings.expression_pitch,
        dynamics_amount=settings.expression * settings.expression_dynamics,
        attack_amount=settings.expression * settings.expression_attack,
        vibrato_waves=WAVES_IN_BEAT.get(settings.vibrato_sync, 0.0),
    )


class Notes:
    """The voices and the keys that they play. Times are seconds of the player's clock."""

    def __init__(
        self,
        settings: Settings,
        sender: EventSender,
        performer: Performer | None = None,
        budget: VoiceBudget | None = None,
    ) -> None:
        self._settings, self._sender = settings, sender
        self.performer = performer  #: chooses how each note is played; None: as it is written
        self.budget = budget or VoiceBudget()
        self.budget.join(self)
        self.pitches: KeyPitches | None = None  #: of a tuning; None: equal temperament
        self._beat: Beat | None = None
        self.transpose = 0  #: semitones from the keys to what they play
        self.keys = Keys()
        self.voices = [NoteVoice(index, sender) for index in range(settings.voices)]
        self.one_voice = settings.voices == 1  #: it plays legato; else each key has its own
        self._struck = False  # a note was played: there is a pitch to glide from
        sender.set(synth_settings(settings), 0.0)

    def set(self, settings: Settings, time_s: float) -> None:
        """New settings; voices above the new number stay until they have fallen silent."""
        if settings.voices != self._settings.voices:
            self.one_voice = settings.voices == 1
        self._settings = settings
        for index in range(len(self.voices), settings.voices):
            self.voices.append(NoteVoice(index, self._sender))
        self._sender.set(synth_settings(settings), time_s)

    def follow(self, beat: Beat | None, time_s: float) -> None:
        """Take the beat that holds from now on; None: there is none."""
        if beat is None and self._beat is None:
            return
        self._beat = beat
        told = (beat.hz, beat.at_s, beat.beats) if beat else (0.0, 0.0, 0.0)
        self._sender.beat(*told, time_s)

    def pitch_of(self, note: int) -> float | None:
        """The MIDI note that a key plays; None: the tuning leaves it silent."""
        note += self.transpose
        if self.pitches is None:
            return float(note)
        return self.pitches[note] if 0 <= note < len(self.pitches) else None

    def tune(self, pitches: KeyPitches | None, time_s: float) -> None:
        """Play the keys at these pitches; None: equal temperament.

        Held notes glide to theirs; those of keys that the tuning leaves out stay where they are.
        """
        self.pitches = pitches
        for key in self.keys.held:
            pitch = self.pitch_of(key.note)
            key.pitch = key.pitch if pitch is None else pitch
        for voice in self.voices:
            voice.tune(time_s)

    def press(self, key: Key, time_s: float, controllers: Controllers) -> None:
        """A key of ``keys`` went down."""
        if not self.one_voice:
            voice = spare_voice(self.voices[: self._settings.voices], key, time_s)
            self._strike(voice, key, time_s, False, controllers)
            return
        # What only a pedal holds makes no legato and keeps no other key from sounding.
        down = [each for each in self.keys.held if each.down]
        if pick(down, self._settings.priority) is key:
            before = self.voices[0].key
            legato = len(down) > 1 and (before is None or before.note != key.note)
            self._strike(self.voices[0], key, time_s, legato, controllers)

    def released(
        self, gone: list[Key], time_s: float, controllers_of: Callable[[int], Controllers]
    ) -> None:
        """Nothing holds these keys any more; ``controllers_of`` gives those of a channel."""
        for key in gone:
            key.member = copy.copy(key.member)  # the channel may speak for another note now
        for voice in self.voices:
            if not voice.held or voice.key not in gone:
                continue
            if self.one_voice and self.keys.held:
                following = pick(self.keys.held, self._settings.priority)
                controllers = controllers_of(following.channel)
                self._strike(voice, following, time_s, True, controllers)
            else:
                voice.release(time_s)

    def touch(self, time_s: float, controllers_of: Callable[[int], Controllers]) -> None:
        """Tell every voice what its channel and its key do to it."""
        for voice in self.voices:
            if voice.key is not None:
                voice.touch(time_s, controllers_of(voice.key.channel))

    def silence(self, time_s: float, which: Callable[[Key], bool] = lambda key: True) -> None:
        """Silence at once the voices of these keys, whatever holds them."""
        self.keys.let_go(which)
        for voice in self.voices:
            if voice.key is not None and which(voice.key):
                voice.stop(time_s)

    def _strike(
        self, voice: NoteVoice, key: Key, time_s: float, legato: bool, controllers: Controllers
    ) -> None:
        if not voice.counts:
            self.budget.make_room(time_s)
        start: float | None = controllers.glide_from
        glide_s = 0.0
        if start is not None:
            start = self.pitch_of(round(start))
        if start is not None or (controllers.gliding and self._struck):
            sent = controllers.glide_s
            glide_s = self._settings.portamento if sent is None else sent
        controllers.glide_from = None
        expression = None
        if self.performer is not None:
            tied_to = voice.key.note if legato and voice.key and not glide_s else None
            expression = self.performer.play(
                key.channel,
                key.note,
                key.velocity / 127,
                time_s,
                tied_to,
                self._beat,
                self._settings.swell_sync,
            )
        voice.strike(key, time_s, legato, controllers, start, glide_s, expression)
        self._struck = True
