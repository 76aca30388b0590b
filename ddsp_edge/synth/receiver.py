"""MIDI messages to what the keys, voices and controllers do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.parts import WHOLE, BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth import midi_map
from ddsp_edge.synth.budget import VoiceBudget
from ddsp_edge.synth.channels import Channels
from ddsp_edge.synth.controllers import CENTRE, VALUE_ACTIONS
from ddsp_edge.synth.keys import Key
from ddsp_edge.synth.notes import Notes
from ddsp_edge.synth.performer import Performer
from native.player import EventSender

if TYPE_CHECKING:
    import mido

#: The port of a pedal that holds every channel; no cable has this name.
HOLD = "hold"


class Receiver:
    """Turns MIDI messages into events of a synth player, which it hands to ``sender``.

    Times are seconds of the sound's clock and may come a little out of order. Nothing blocks, logs
    or raises on any message. Not thread-safe: one thread calls everything. After the messages
    that came together, :meth:`tell` sends what wheels and pedals changed; :meth:`pass_time`
    belongs to every tick or so, and after the messages of the same moment: else active sensing
    seems to have stopped. Program changes and banks are for whoever chooses the model
    (:class:`ddsp_edge.synth.programs.Programs`). As the ``part`` of a band it hears its own
    channel and keys, and shares the ``budget`` of voices.
    """

    def __init__(
        self,
        settings: Settings,
        sender: EventSender,
        performer: Performer | None = None,
        part: BandPart = WHOLE,
        budget: VoiceBudget | None = None,
    ) -> None:
        self.part, self._given = part, settings
        self.settings, self._sender = part.applied_to(settings), sender
        self._now = 0.0  # the latest time that was heard of
        self._sensing: dict[str, float] = {}  # port to its last message, where it is sensed
        self._notes = Notes(self.settings, sender, performer, budget)
        self._notes.transpose = part.transpose
        self._channels = Channels(self.settings)
        self._struck_channel = 0  # of the last note-on
        self._touched = True  # something may differ from what was sent

    def go_on(
        self,
        sender: EventSender,
        performer: Performer | None = None,
        budget: VoiceBudget | None = None,
    ) -> Self:
        """Return another one that holds what this one holds, sends to ``sender`` and takes its
        voices from ``budget`` (None: from the same one).

        What the voices are playing is for the sender to take over; ``performer`` is that of the
        other model.
        """
        budget = budget or self._notes.budget
        other = copy.copy(self)
        other._sender = sender
        # Together: a key and the controllers speak of the same channel's touch.
        kept: dict[int, object] = {id(self._sender): sender, id(self._notes.budget): budget}
        if self._notes.performer is not None:
            kept[id(self._notes.performer)] = performer
        other._notes, other._channels = copy.deepcopy((self._notes, self._channels), kept)
        other._notes.performer = performer
        budget.join(other._notes)
        other._sensing = dict(self._sensing)
        return other

    def tell(self) -> None:
        """Send what wheels, pressure and level controllers say, where that has changed."""
        if not self._touched:
            return
        self._touched = False
        self._notes.touch(self._now, self._channels.of)

    def pass_time(self, time_s: float) -> None:
        """Let go of the keys of ports whose active sensing has stopped by ``time_s``."""
        self._now = max(self._now, time_s)
        self._check_sensing()

    def receive(self, time_s: float, message: mido.Message, port: str = "") -> None:
        """Take one message; those that are not in the table do nothing."""
        self._now = max(self._now, time_s)
        if port in self._sensing:
            self._sensing[port] = self._now
        row = midi_map.MESSAGES.get(message.type)
        if row is not None and self.hears(message):
            action = MESSAGE_ACTIONS.get(row.action)
            if action is not None:
                self._touched = True
                action(self, message, port)

    def hears(self, message: mido.Message) -> bool:
        """Whether a message is for this instrument: of its channel, and not of the drums."""
        channel = getattr(message, "channel", None)
        if channel is None or self._channels.hears(channel, self.settings.channel):
            return True
        # Beside one MPE zone the other one can still be configured.
        configures = channel in (midi_map.LOWER, midi_map.UPPER) and self._channels.mpe
        return bool(configures) and getattr(message, "control", None) in midi_map.RPN_CONTROLLERS

    def tune(self, pitches: KeyPitches | None) -> None:
        """Play the keys at these pitches, those that are held too; None: equal temperament."""
        self._notes.tune(pitches, self._now)

    def follow(self, beat: Beat | None) -> None:
        """Take the beat of a clock or tempo map, in this object's time; None: there is none any
        more. Vibratos go over to it smoothly, swells of the notes to come are shaped by it."""
        self._notes.follow(beat, self._now)

    def change_part(self, part: BandPart) -> None:
        """Take another place in a band; another channel, range, transposition or number of voices
        ends all notes."""
        old, self.part = self.part, part
        heard = ("channel", "key_low", "key_high", "velocity_low", "velocity_high", "transpose")
        if any(getattr(old, name) != getattr(part, name) for name in heard):
            self._forget_keys()
        self._notes.transpose = part.transpose
        self.set(self._given)

    def set(self, settings: Settings) -> None:
        """New settings while playing. Another number of voices, channel or MPE ends all notes."""
        self._given = settings
        settings = self.part.applied_to(settings)
        old, self.settings = self.settings, settings
        for controllers in self._channels:
            if settings.bend_range != old.bend_range:
                controllers.set_bend_range(settings.bend_range)
            if settings.portamento != old.portamento:
                controllers.glide_s = None
        if (settings.voices, settings.channel, settings.mpe) != (old.voices, old.channel, old.mpe):
            self.release_all()
        if settings.mpe != old.mpe:
            self._forget_keys()
            self._channels.set_mpe(settings.mpe)
        self._notes.set(settings, self._now)
        self._touched = True

    def panic(self, time_s: float) -> None:
        """Silence at once, and every key, pedal and wheel as if nobody touched it."""
        self._now = max(self._now, time_s)
        self._notes.silence(self._now)
        self._notes.keys.pedals_up()
        for controllers in self._channels:
            controllers.reset()
        self._touched = True

    def unplugged(self, time_s: float, port: str) -> None:
        """A port is gone: let go of its keys and pedals, and of the wheels."""
        self._now = max(self._now, time_s)
        self._sensing.pop(port, None)
        keys = self._notes.keys
        self._released(keys.let_go(lambda key: key.port == port))
        self._released(keys.pedals_up(port))
        for controllers in self._channels:
            controllers.hands_off()
        self._touched = True

    def release_all(self) -> None:
        """Let go of every note, whatever the pedals do."""
        self._released(self._notes.keys.let_go())

    def _forget_keys(self) -> None:
        """Let go of every note and pedal: another channel speaks for them from now on."""
        self.release_all()
        self._notes.keys.pedals_up()

    def hold(self, on: bool) -> None:
        """Hold the notes of every channel, as a sustain pedal of nobody's would, or let them go."""
        for controllers in self._channels:
            self._released(self._notes.keys.pedal("sustain", HOLD, on, controllers.channel))

    def _released(self, keys: list[Key]) -> None:
        self._notes.released(keys, self._now, self._channels.of)

    # What may be shown.

    @property
    def held_notes(self) -> tuple[int, ...]:
        """Keys that a finger or a pedal holds, in the order of their note-ons."""
        return tuple(key.note for key in self._notes.keys.held)

    @property
    def sounding(self) -> tuple[int, ...]:
        """The indices of the voices that are not silent."""
        return tuple(voice.index for voice in self._notes.voices if voice.sounds)

    @property
    def pan(self) -> float:
        """CC 10, -1..1; 0 until it is sent. That of the channel whose note was struck last."""
        return self._channels.of(self._struck_channel).player_pan

    def bend(self, channel: int = 0) -> float:
        """Semitones by which notes of a channel are bent, tuning included, vibrato not."""
        return self._channels.of(channel).bend(self._channels.member(channel))

    def muted_by(self, channel: int) -> str | None:
        """The controller at 0 that keeps a channel's notes silent; None where none does."""
        return self._channels.of(channel).muted_by

    # The actions of the table.

    def _press(self, message: mido.Message, port: str) -> None:
        if message.velocity == 0:
            self._let_go(message, port)
            return
        channel, note = message.channel, message.note
        pitch = self._notes.pitch_of(note)
        if pitch is None or not self.part.takes(note, message.velocity):
            return
        self._struck_channel = channel
        controllers = self._channels.of(channel)
        member, zone = controllers.member(channel), controllers.channel
        key = self._notes.keys.press(port, channel, note, message.velocity, member, zone, pitch)
        self._notes.press(key, self._now, controllers)

    def _let_go(self, message: mido.Message, port: str) -> None:
        self._released(self._notes.keys.lift(port, message.channel, message.note))

    def _bend(self, message: mido.Message, port: str) -> None:
        # -8192..8191: both ends are the full bend.
        wheel = message.pitch / (8192 if message.pitch < 0 else 8191)
        self._channels.of(message.channel).touch_of(message.channel).wheel = wheel

    def _pressure(self, message: mido.Message, port: str) -> None:
        self._channels.of(message.channel).pressure(message.value, message.channel)

    def _key_pressure(self, message: mido.Message, port: str) -> None:
        key = self._notes.keys.find(port, message.channel, message.note)
        if key is not None:
            key.pressure = message.value / 127

    def _sense(self, message: mido.Message, port: str) -> None:
        self._sensing[port] = self._now

    def _check_sensing(self) -> None:
        late = self._now - midi_map.SENSING_S
        for port in [port for port, last in self._sensing.items() if last < late]:
            self.unplugged(self._now, port)

    def _power_on(self, message: mido.Message, port: str) -> None:
        self.panic(self._now)
        self._channels = Channels(self.settings)
        self._notes.one_voice = self.settings.voices == 1

    def _control_change(self, message: mido.Message, port: str) -> None:
        row = midi_map.CONTROLLERS.get(message.control)
        if row is None:
            return
        if row.action in CONTROLLER_ACTIONS:
            CONTROLLER_ACTIONS[row.action](self, message, port)
        elif row.action in VALUE_ACTIONS:
            controllers = self._channels.of(message.channel)
            VALUE_ACTIONS[row.action](controllers, message.value, message.channel)

    def _data_high(self, message: mido.Message, port: str) -> None:
        controllers = self._channels.of(message.channel)
        if controllers.data_entry(message.value, message.channel, False) == "mpe_zone":
            self._forget_keys()
            self._channels.set_zone(message.channel, message.value)

    def _data_low(self, message: mido.Message, port: str) -> None:
        controllers = self._channels.of(message.channel)
        controllers.data_entry(message.value, message.channel, True)

    def _sustain(self, message: mido.Message, port: str) -> None:
        self._pedal("sustain", message, port)

    def _sostenuto(self, message: mido.Message, port: str) -> None:
        self._pedal("sostenuto", message, port)

    def _soft(self, message: mido.Message, port: str) -> None:
        self._pedal("soft", message, port)

    def _pedal(self, name: str, message: mido.Message, port: str) -> None:
        down = message.value >= CENTRE
        zone = self._channels.of(message.channel).channel
        self._released(self._notes.keys.pedal(name, port, down, zone))

    def _all_sound_off(self, message: mido.Message, port: str) -> None:
        zone = self._channels.of(message.channel).channel
        self._notes.silence(self._now, lambda key: key.zone == zone)

    def _reset_controllers(self, message: mido.Message, port: str) -> None:
        controllers = self._channels.of(message.channel)
        self._released(self._notes.keys.pedals_up(channel=controllers.channel))
        controllers.reset()

    def _all_notes_off(self, message: mido.Message, port: str) -> None:
        """Lift the fingers of a port's channel; what a pedal holds goes on.

        In MPE the manager channel speaks for the whole zone.
        """
        channel = message.channel
        manages = self._channels.of(channel).members > 0 and not self._channels.member(channel)

        def means(key: Key) -> bool:
            return key.port == port and (key.zone if manages else key.channel) == channel

        self._released(self._notes.keys.lift_all(means))

    def _mono(self, message: mido.Message, port: str) -> None:
        self.release_all()
        self._notes.one_voice = True

    def _poly(self, message: mido.Message, port: str) -> None:
        self.release_all()
        self._notes.one_voice = self.settings.voices == 1


_Action = Callable[[Receiver, "mido.Message", str], None]

#: ``action`` of a message's row in the table to what does it.
MESSAGE_ACTIONS: dict[str, _Action] = {
    "press": Receiver._press,
    "let_go": Receiver._let_go,
    "bend": Receiver._bend,
    "pressure": Receiver._pressure,
    "key_pressure": Receiver._key_pressure,
    "control_change": Receiver._control_change,
    "sense": Receiver._sense,
    "power_on": Receiver._power_on,
}
#: Likewise of a controller's row; those that only set a value are in VALUE_ACTIONS.
CONTROLLER_ACTIONS: dict[str, _Action] = {
    "data_high": Receiver._data_high,
    "data_low": Receiver._data_low,
    "sustain": Receiver._sustain,
    "sostenuto": Receiver._sostenuto,
    "soft": Receiver._soft,
    "all_sound_off": Receiver._all_sound_off,
    "reset_controllers": Receiver._reset_controllers,
    "all_notes_off": Receiver._all_notes_off,
    "mono": Receiver._mono,
    "poly": Receiver._poly,
}
