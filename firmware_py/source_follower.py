"""Which source the box follows while it is set to "auto": the keyboard or the input, whichever
was played last."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import mido


#: The input counts as played from this level on, in dBFS, when it lasts for INPUT_S seconds ...
INPUT_DBFS, INPUT_S = -40.0, 0.3
#: ... and no key has been held for this many seconds: a room is heard while a keyboard plays.
KEYS_REST_S = 3.0
SUSTAIN, PEDAL_DOWN = 64, 64
DRUMS = 9  #: the channel, counted from 0, that is left out where all are heard
#: Controllers that are no state of a channel: bank, data entry, RPN numbers, channel mode.
NO_STATE = frozenset((0, 6, 32, 38, *range(96, 102), *range(120, 128)))


class SourceFollower:
    """Watches MIDI and the input's level. Pure logic; any thread may call any method.

    Times are seconds of ``time.monotonic``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[tuple[int, int], mido.Message] = {}  # (channel, note) to its note-on
        self._state: dict[tuple[str, int, int], mido.Message] = {}  # newest of each controller
        self._key_s = -KEYS_REST_S  # when a key was last held
        self._input_since_s: float | None = None

    def hear(self, message: mido.Message, channel: int, now_s: float) -> bool:
        """A message that is played. True where it starts a note, which asks for "synth".

        ``channel``: the one that is heard, 1 to 16, or 0 for all but the drums.
        """
        on = getattr(message, "channel", None)
        if on is None or (on != channel - 1 if channel else on == DRUMS):
            return False
        with self._lock:
            self._key_s = now_s
            if message.type == "note_on" and message.velocity > 0:
                self._keys[on, message.note] = message
                return True
            if message.type in ("note_on", "note_off"):
                self._keys.pop((on, message.note), None)
            elif message.type == "control_change":
                if message.control not in NO_STATE:
                    self._state[message.type, on, message.control] = message
                elif message.control >= 120:
                    self._keys = {key: each for key, each in self._keys.items() if key[0] != on}
            elif message.type in ("pitchwheel", "aftertouch"):
                self._state[message.type, on, 0] = message
        return False

    def panic(self) -> None:
        """Forget every held key and what is remembered of the input."""
        with self._lock:
            self._keys.clear()
            self._state.clear()

    def held(self) -> list[mido.Message]:
        """What brings a synth to where the hands are: controllers first, then the held notes."""
        with self._lock:
            return [*self._state.values(), *self._keys.values()]

    def wanted(
        self, input_dbfs: float, has_input: bool, now_s: float
    ) -> Literal["effect", "synth"] | None:
        """The source to change to; None: it stays as it is. To be called some times a second.

        ``input_dbfs`` is the input's peak level; ``has_input``: whether the card records.
        """
        if not has_input:
            return "synth"
        with self._lock:
            pedals = (each for each in self._state.values() if _is_sustain(each))
            if self._keys or any(pedals):
                self._key_s = now_s
            if input_dbfs < INPUT_DBFS:
                self._input_since_s = None
            elif self._input_since_s is None:
                self._input_since_s = now_s
            since_s = self._input_since_s
            played = since_s is not None and now_s - since_s >= INPUT_S
            return "effect" if played and now_s - self._key_s >= KEYS_REST_S else None


def _is_sustain(message: mido.Message) -> bool:
    return bool(
        message.type == "control_change"
        and message.control == SUSTAIN
        and message.value >= PEDAL_DOWN
    )
