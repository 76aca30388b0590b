"""Keys to voices: what sounds when a key goes down or is let go."""

from __future__ import annotations

import copy
from collections.abc import Callable

from ddsp_edge.settings import Settings
from ddsp_edge.synth.allocation import pick, spare_voice
from ddsp_edge.synth.controllers import Controllers
from ddsp_edge.synth.keys import Key, Keys
from ddsp_edge.synth.voice import NoteVoice


class Notes:
    """The voices and the keys that they play. Times are seconds of the player's clock."""

    def __init__(self, settings: Settings, by_channel: bool = False) -> None:
        self._settings = settings
        self.keys = Keys(by_channel)
        self.voices = [NoteVoice(index, settings) for index in range(settings.voices)]
        self.one_voice = settings.voices == 1  #: it plays legato; else each key has its own
        self._last: NoteVoice | None = None  # the last one that was struck

    def set(self, settings: Settings, time_s: float) -> None:
        """New settings; voices above the new number stay until they have fallen silent."""
        if settings.voices != self._settings.voices:
            self.one_voice = settings.voices == 1
        self._settings = settings
        for index in range(len(self.voices), settings.voices):
            self.voices.append(NoteVoice(index, settings))
        for voice in self.voices:
            voice.envelope.set(settings, time_s)

    def press(self, key: Key, time_s: float, controllers: Controllers) -> None:
        """A key of ``keys`` went down."""
        if not self.one_voice:
            voice = spare_voice(self.voices[: self._settings.voices], key)
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

    def silence(self, time_s: float, channel: int | None = None) -> None:
        """Stop all voices at once, or those that play a channel; whatever holds their keys."""
        self.keys.let_go(lambda key: channel in (None, key.channel))
        for voice in self.voices:
            if channel is None or (voice.key is not None and voice.key.channel == channel):
                voice.stop(time_s)

    def _strike(
        self, voice: NoteVoice, key: Key, time_s: float, legato: bool, controllers: Controllers
    ) -> None:
        start, glide_s = float(key.note), 0.0
        if controllers.glide_from is not None or (controllers.gliding and self._last):
            sent = controllers.glide_s
            glide_s = self._settings.portamento if sent is None else sent
        if controllers.glide_from is not None:
            start = float(controllers.glide_from)
        elif self._last is not None:
            start = self._last.pitch(time_s)
        controllers.glide_from = None
        voice.strike(key, time_s, legato, start, glide_s)
        self._last = voice
