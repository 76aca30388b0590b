"""One voice of the MIDI instrument as the allocation sees it; C plays it (native/src/player)."""

from __future__ import annotations

from ddsp_edge.synth.controllers import Controllers
from ddsp_edge.synth.keys import Key
from ddsp_edge.synth.midi_map import SOFT_DB
from native import player as native_player
from native.player import EventSender, Note


class NoteVoice:
    """Times are seconds of the player's clock. Events go to ``sender``."""

    def __init__(self, index: int, sender: EventSender) -> None:
        self.index, self._sender = index, sender
        self.key: Key | None = None  #: the last one that it was struck for
        self.held = False  #: something holds that key
        self.struck_s = -1.0  #: when it was last struck
        self._touch = native_player.Touch()  # as it was sent last

    def strike(
        self,
        key: Key,
        time_s: float,
        legato: bool,
        controllers: Controllers,
        glide_from: int | None = None,
        glide_s: float = 0.0,
    ) -> None:
        """Play a key. The pitch glides from ``glide_from`` (None: from the voice that was struck
        last); at once where ``glide_s`` is 0."""
        self.key, self.held, self.struck_s = key, True, time_s
        self._touch = controllers.note_touch(key.member, key.pressure)
        note = Note(
            pitch=key.note,
            velocity=key.velocity / 127,
            level_db=-SOFT_DB * key.soft,
            glide_s=glide_s,
            glide_from=native_player.FROM_LAST if glide_from is None else glide_from,
        )
        self._sender.start(self.index, note, self._touch, time_s, legato)

    def release(self, time_s: float) -> None:
        """Let the note go; it fades over its release."""
        self.held = False
        self._sender.release(self.index, time_s)

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
    def loudness_db(self) -> float:
        """Loudness of the voice's last frame, in dB."""
        return self._sender.loudness_db(self.index)
