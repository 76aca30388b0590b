"""One voice of the MIDI instrument as the allocation sees it; C plays it (native/src/player)."""

from __future__ import annotations

from ddsp_edge.synth.controllers import Controllers
from ddsp_edge.synth.keys import Key
from ddsp_edge.synth.midi_map import SOFT_DB
from ddsp_edge.units import SILENCE_DB
from native import player as native_player
from native.player import EventSender, Note, NoteExpression

#: By then a note that was struck can be heard, in seconds.
HEARD_S = 0.05
#: A held note goes over to another tuning in so many seconds: soon, and without a click.
RETUNE_S = 0.03


class NoteVoice:
    """Times are seconds of the player's clock. Events go to ``sender``."""

    def __init__(self, index: int, sender: EventSender) -> None:
        self.index, self._sender = index, sender
        self.key: Key | None = None  #: the last one that it was struck for
        self.held = False  #: something holds that key
        self.struck_s = -1.0  #: when it was last struck
        self._gave_way = False  # another note took its place
        self._pitch = 0.0  # as it was sent last, MIDI note
        self._touch = native_player.Touch()  # as it was sent last

    def strike(
        self,
        key: Key,
        time_s: float,
        legato: bool,
        controllers: Controllers,
        glide_from: float | None = None,
        glide_s: float = 0.0,
        expression: NoteExpression | None = None,
    ) -> None:
        """Play a key. The pitch glides from ``glide_from`` (None: from the voice that was struck
        last); at once where ``glide_s`` is 0."""
        self.key, self.held, self.struck_s = key, True, time_s
        self._gave_way, self._pitch = False, key.pitch
        self._touch = controllers.note_touch(key.member, key.pressure)
        note = Note(
            pitch=key.pitch,
            velocity=key.velocity / 127,
            level_db=-SOFT_DB * key.soft,
            glide_s=glide_s,
            glide_from=native_player.FROM_LAST if glide_from is None else glide_from,
            expression=expression or NoteExpression(),
        )
        self._sender.start(self.index, note, self._touch, time_s, legato)

    def tune(self, time_s: float) -> None:
        """Glide to the pitch that its key has by now, where that is another one."""
        if self.held and self.key is not None and self.key.pitch != self._pitch:
            self._pitch = self.key.pitch
            self._sender.tune(self.index, self._pitch, RETUNE_S, time_s)

    def release(self, time_s: float) -> None:
        """Let the note go; it fades over its release."""
        self.held = False
        self._sender.release(self.index, time_s)

    def give_way(self, time_s: float, fade_ms: int) -> None:
        """Fade out in so many milliseconds, whatever holds the key: the voice is wanted."""
        self.held, self._gave_way = False, True
        self._sender.release(self.index, time_s, fade_ms)

    def stop(self, time_s: float) -> None:
        """Silence the voice at once, without its release."""
        self.held = False
        if self.sounds:
            self._sender.stop(self.index, time_s)

    def touch(self, time_s: float, controllers: Controllers) -> None:
        """Tell the sender what bends and presses this voice, where that has changed."""
        if self.key is None:
            return
        touch = controllers.note_touch(self.key.member, self.key.pressure)
        if touch != self._touch:
            self._touch = touch
            self._sender.touch(self.index, touch, time_s)

    @property
    def sounds(self) -> bool:
        """Whether its envelope has not ended."""
        return self._sender.sounds(self.index)

    @property
    def counts(self) -> bool:
        """Whether it sounds and does not give way to another one."""
        return self.key is not None and not self._gave_way and self.sounds

    def worth(self, time_s: float) -> tuple[int, float, float]:
        """How much is missed without it: an inaudible voice least, then the quietest of those
        that are let go, then the oldest that only a pedal holds, then the oldest."""
        # One that was struck just now has not been heard yet.
        if self.loudness_db <= SILENCE_DB and time_s > self.struck_s + HEARD_S:
            return 0, 0.0, self.struck_s
        if not self.held:
            return 1, self.loudness_db, self.struck_s
        return (3 if self.key is not None and self.key.down else 2), 0.0, self.struck_s

    @property
    def loudness_db(self) -> float:
        """Loudness of the voice's last frame, in dB."""
        return self._sender.loudness_db(self.index)
