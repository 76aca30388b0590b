"""The MIDI instrument: messages in, feature frames out, on a clock that somebody else drives."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import mido

from ddsp_edge.frames import FeatureFrame
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import Settings
from ddsp_edge.shaper import ONSET_RAMP_S
from ddsp_edge.synth import midi_map
from ddsp_edge.synth.allocation import pick, spare_voice
from ddsp_edge.synth.controllers import CENTRE, Controllers
from ddsp_edge.synth.keys import Key, Keys
from ddsp_edge.synth.voice import CLOSE_S, NoteVoice

HIGHEST_PITCH = 150.0  #: MIDI note; 47 kHz, no instrument is there


class SynthPlayer:
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

    Each FeatureFrame says its ``voice``, from 0 up, below ``settings.voices`` (after :meth:`set`
    with fewer voices the others still fade out). ``pan`` (-1..1, CC 10, to be added to the setting)
    is for the caller, and ``on_program(bank, program)`` is called from ``receive`` (bank 0..16383,
    program 0..127).
    """

    def __init__(
        self,
        info: ModelInfo,
        settings: Settings | None = None,
        on_program: Callable[[int, int], None] | None = None,
    ) -> None:
        self._use(info)
        self._on_program = on_program
        self.settings = settings or Settings()
        self._now = self._grid_s = 0.0
        self._turn_s = self._turn = 0.0  # the vibrato was at phase _turn (of 1) then
        self._sensing: dict[str, float] = {}  # port to its last message, where it is sensed
        self._voices = [NoteVoice(i, self.settings) for i in range(self.settings.voices)]
        self._begin()

    def _use(self, info: ModelInfo) -> None:
        self._hop_s, self._loudest = info.hop_s, info.max_loudness_db
        self._model_range_db = info.max_loudness_db - info.min_loudness_db

    def for_model(self, info: ModelInfo) -> SynthPlayer:
        """A player of another model that goes on with every note, pedal and wheel of this one,
        which may go on too (a cross-fade)."""
        other = copy.deepcopy(self)
        other._use(info)
        return other

    def _begin(self) -> None:
        self._keys, self.controllers = Keys(), Controllers(self.settings)
        self._last = self._voices[0]  # the last one that was struck
        self._one_voice = self.settings.voices == 1

    # What the caller drives.

    def receive(self, time_s: float, message: mido.Message, port: str = "") -> None:
        """Take one message; those that are not in the table do nothing."""
        self._now = max(self._now, time_s)
        if port in self._sensing:
            self._sensing[port] = self._now
        row = midi_map.MESSAGES.get(message.type)
        if row is not None and self.hears(message):
            getattr(self, "_" + row.action)(message, port)

    def hears(self, message: mido.Message) -> bool:
        """Whether a message is for this instrument: of its channel, and not of the drums."""
        channel = getattr(message, "channel", None)
        if channel is None:
            return True
        if self.controllers.members:
            return channel <= self.controllers.members
        if self.settings.channel:
            return channel == self.settings.channel - 1
        return channel != midi_map.PERCUSSION_CHANNEL

    @property
    def next_onset_s(self) -> float:
        """When :meth:`onsets` is to be called next, seconds; infinity when nothing is due."""
        return min(voice.due_s for voice in self._voices)

    def onsets(self, time_s: float) -> list[FeatureFrame]:
        """The frames that do not wait for the grid and are due by ``time_s``."""
        found = []
        for voice in self._voices:
            if voice.due_s <= time_s:
                due_s = voice.take_due()
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
            for voice in self._voices
            if not (voice.skips(time_s) or (voice.index and voice.rests(time_s)))
        ]

    def set(self, settings: Settings) -> None:
        """New settings while playing. Another number of voices, channel or MPE ends all notes."""
        old, self.settings = self.settings, settings
        turn = self._phase(self._now, old.vibrato_rate)
        self._turn_s, self._turn = self._now, turn
        controllers = self.controllers
        if settings.bend_range != old.bend_range:
            controllers.set_bend_range(settings.bend_range)
        if settings.portamento != old.portamento:
            controllers.glide_s = None
        if (settings.voices, settings.channel, settings.mpe) != (old.voices, old.channel, old.mpe):
            self.release_all()
        if settings.mpe != old.mpe:
            controllers.set_zone(midi_map.MEMBERS if settings.mpe == "on" else 0)
        if settings.voices != old.voices:
            self._one_voice = settings.voices == 1
            # Those above the new number stay until they have fallen silent.
            for index in range(len(self._voices), settings.voices):
                self._voices.append(NoteVoice(index, settings))
        for voice in self._voices:
            voice.envelope.set(settings, self._now)

    def panic(self, time_s: float) -> None:
        """Silence at once, and every key, pedal and wheel as if nobody touched it."""
        self._now = max(self._now, time_s)
        self._silence()
        self._keys.pedals_up()
        self.controllers.reset()

    def unplugged(self, time_s: float, port: str) -> None:
        """A port is gone: let go of its keys, pedals and wheels."""
        self._now = max(self._now, time_s)
        self._sensing.pop(port, None)
        self._released(self._keys.pedals_up(port))
        self._released(self._keys.let_go(lambda key: key.port == port))
        self.controllers.hands_off()

    def release_all(self) -> None:
        """Let go of every note, whatever the pedals do."""
        self._released(self._keys.let_go())

    # What may be shown.

    @property
    def held_notes(self) -> tuple[int, ...]:
        """Keys that a finger or a pedal holds, in the order of their note-ons."""
        return tuple(key.note for key in self._keys.held)

    @property
    def sounding(self) -> tuple[int, ...]:
        """Voices that are not silent."""
        return tuple(voice.index for voice in self._voices if voice.sounds)

    @property
    def pan(self) -> float:
        """CC 10, -1..1; 0 until it is sent."""
        return self.controllers.player_pan

    def bend(self, channel: int = 0) -> float:
        """Semitones by which notes of a channel are bent, tuning included, vibrato not."""
        return self.controllers.bend_of(self.controllers.touch_of(channel))

    # Frames.

    def _frame(
        self, voice: NoteVoice, time_s: float, ahead_s: float, onset: bool = False
    ) -> FeatureFrame:
        # A frame is reached at the end of its ramp: say what should be there then.
        reached_s = time_s + ahead_s
        level, key, controllers = voice.level(reached_s), voice.key, self.controllers
        touch = key.touch if key else controllers.touch
        pitch = voice.pitch(reached_s) + controllers.bend_of(touch) + self._vibrato(reached_s)
        loudness = SILENCE_DB
        if level > 0.0 and key is not None:
            range_db = min(self.settings.velocity_range, self._model_range_db)
            loudness = self._loudest - range_db * (1 - key.velocity / 127)
            loudness -= midi_map.SOFT_DB * key.soft
            loudness += controllers.level_db + controllers.pressure_db_of(touch, key.pressure)
            loudness += 20.0 * math.log10(level)
        voice.loudness_db = max(SILENCE_DB, min(loudness, 0.0))
        return FeatureFrame(
            time_s,
            self.settings.tuning * 2.0 ** ((min(pitch, HIGHEST_PITCH) - 69.0) / 12.0),
            voice.loudness_db,
            onset=onset,
            voice=voice.index,
            brightness_db=controllers.brightness_db_of(touch),
        )

    def _phase(self, time_s: float, rate: float) -> float:
        return self._turn + rate * (time_s - self._turn_s)

    def _vibrato(self, time_s: float) -> float:
        """Semitones."""
        depth = self.settings.vibrato_depth * self.controllers.vibrato
        if not depth:
            return 0.0
        return depth * math.sin(2 * math.pi * self._phase(time_s, self.settings.vibrato_rate))

    # The actions of the table.

    def _press(self, message: mido.Message, port: str) -> None:
        if message.velocity == 0:
            self._let_go(message, port)
            return
        channel, note = message.channel, message.note
        touch = self.controllers.touch_of(channel)
        key = self._keys.press(port, channel, note, message.velocity, touch)
        if not self._one_voice:
            self._strike(spare_voice(self._voices[: self.settings.voices], key), key, False)
            return
        # What only a pedal holds makes no legato and keeps no other key from sounding.
        down = [each for each in self._keys.held if each.down]
        if pick(down, self.settings.priority) is key:
            voice = self._voices[0]
            other = voice.key is None or voice.key.note != note
            self._strike(voice, key, len(down) > 1 and other)

    def _strike(self, voice: NoteVoice, key: Key, legato: bool) -> None:
        controllers, glide_s = self.controllers, 0.0
        start = float(key.note)
        if controllers.glide_from is not None:
            start, glide_s = float(controllers.glide_from), self._glide_s()
        elif controllers.gliding and self._last.key is not None:
            start, glide_s = self._last.pitch(self._now), self._glide_s()
        controllers.glide_from = None
        voice.strike(key, self._now, legato, start, glide_s)
        self._last = voice

    def _glide_s(self) -> float:
        sent = self.controllers.glide_s
        return self.settings.portamento if sent is None else sent

    def _let_go(self, message: mido.Message, port: str) -> None:
        self._released(self._keys.lift(port, message.channel, message.note))

    def _released(self, keys: list[Key]) -> None:
        for key in keys:
            if self.controllers.is_member(key.channel):
                # Its channel may now speak for another note.
                key.touch = copy.copy(key.touch)
        for voice in self._voices:
            if voice.held and voice.key in keys:
                held = self._keys.held
                if self._one_voice and held:
                    self._strike(voice, pick(held, self.settings.priority), True)
                else:
                    voice.release(self._now)

    def _bend(self, message: mido.Message, port: str) -> None:
        # -8192..8191: both ends are the full bend.
        wheel = message.pitch / (8192 if message.pitch < 0 else 8191)
        self.controllers.touch_of(message.channel).wheel = wheel

    def _pressure(self, message: mido.Message, port: str) -> None:
        self.controllers.pressure(message.value, message.channel)

    def _key_pressure(self, message: mido.Message, port: str) -> None:
        key = self._keys.find(port, message.channel, message.note)
        if key is not None:
            key.pressure = message.value / 127

    def _program(self, message: mido.Message, port: str) -> None:
        if self._on_program is not None:
            high, low = self.controllers.bank
            self._on_program(128 * high + low, message.program)

    def _sense(self, message: mido.Message, port: str) -> None:
        self._sensing[port] = self._now

    def _check_sensing(self) -> None:
        late = self._now - midi_map.SENSING_S
        for port in [port for port, last in self._sensing.items() if last < late]:
            self.unplugged(self._now, port)

    def _power_on(self, message: mido.Message, port: str) -> None:
        self._silence()
        self._begin()

    def _silence(self) -> None:
        self._keys.let_go()
        for voice in self._voices:
            voice.stop(self._now)

    def _control_change(self, message: mido.Message, port: str) -> None:
        row = midi_map.CONTROLLERS.get(message.control)
        if row is None:
            return
        action = getattr(self, "_" + row.action, None)
        if action is not None:
            action(message, port)
        else:
            getattr(self.controllers, row.action)(message.value, message.channel)

    def _data_high(self, message: mido.Message, port: str) -> None:
        if self.controllers.data_entry(message.value, message.channel, False) == "mpe_zone":
            self.release_all()
            self.controllers.set_zone(message.value)

    def _data_low(self, message: mido.Message, port: str) -> None:
        self.controllers.data_entry(message.value, message.channel, True)

    def _sustain(self, message: mido.Message, port: str) -> None:
        self._released(self._keys.pedal("sustain", port, message.value >= CENTRE))

    def _sostenuto(self, message: mido.Message, port: str) -> None:
        self._released(self._keys.pedal("sostenuto", port, message.value >= CENTRE))

    def _soft(self, message: mido.Message, port: str) -> None:
        self._keys.pedal("soft", port, message.value >= CENTRE)

    def _all_sound_off(self, message: mido.Message, port: str) -> None:
        self._silence()

    def _reset_controllers(self, message: mido.Message, port: str) -> None:
        self._released(self._keys.pedals_up())
        self.controllers.reset()

    def _all_notes_off(self, message: mido.Message, port: str) -> None:
        """On an MPE member channel, that one's."""
        if self.controllers.is_member(message.channel):
            self._released(self._keys.let_go(lambda key: key.channel == message.channel))
        else:
            self.release_all()

    def _mono(self, message: mido.Message, port: str) -> None:
        self.release_all()
        self._one_voice = True

    def _poly(self, message: mido.Message, port: str) -> None:
        self.release_all()
        self._one_voice = self.settings.voices == 1
