"""Messages to the state of one monophonic instrument: which note, how bent, how loud."""

from __future__ import annotations

import math
from collections.abc import Callable

import mido

from ddsp_edge.synth import midi_map

NO_RPN = (127, 127)


class NoteState:
    """Feed it messages in the order of time; last-note priority.

    ``on_attack(legato)`` and ``on_release()`` are called when the sounding note changes, and
    ``on_silence()`` when everything must stop at once.
    """

    def __init__(
        self,
        on_attack: Callable[[bool], None],
        on_release: Callable[[], None],
        on_silence: Callable[[], None],
    ) -> None:
        self._attack, self._release, self._silence = on_attack, on_release, on_silence
        self._held: list[tuple[int, int]] = []  # (key, velocity), the last one sounds
        self._sustained: set[int] = set()  # those of _held that only the pedal holds
        self.note = 69  #: the sounding key, or the last one
        self.velocity = 100
        self.bend_range = midi_map.BEND_RANGE
        self.volume = 1.0
        self._reset_controllers()

    def _reset_controllers(self) -> None:
        self.modulation, self.expression = 0.0, 1.0
        self._pressure, self._key_pressure = 0.0, 0.0
        self._pedal = False
        self._wheel = 0.0  # -1..1
        self._rpn = NO_RPN

    @property
    def sounding(self) -> bool:
        """A note is held by a key or the pedal."""
        return bool(self._held)

    @property
    def bend(self) -> float:
        """Semitones."""
        return self._wheel * self.bend_range

    @property
    def level_db(self) -> float:
        """What the controllers add to the loudness."""
        gain = self.volume * self.expression
        controllers = 40.0 * math.log10(gain) if gain > 0.0 else -200.0
        return controllers + midi_map.PRESSURE_DB * max(self._pressure, self._key_pressure)

    def pitch(self, time_s: float) -> float:
        """MIDI note with bend and vibrato at a time."""
        vibrato = midi_map.VIBRATO_DEPTH * self.modulation
        turn = 2 * math.pi * midi_map.VIBRATO_HZ * time_s
        return self.note + self.bend + vibrato * math.sin(turn)

    def receive(self, message: mido.Message) -> None:
        """One message; those that are not in the table do nothing."""
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._note_on(message.note, message.velocity)
        elif kind in ("note_off", "note_on"):
            self._note_off(message.note)
        elif kind == "pitchwheel":
            # -8192..8191: both ends are the full bend.
            self._wheel = message.pitch / (8192 if message.pitch < 0 else 8191)
        elif kind == "aftertouch":
            self._pressure = message.value / 127
        elif kind == "polytouch":
            if message.note == self.note:
                self._key_pressure = message.value / 127
        elif kind == "control_change":
            self._control(message.control, message.value)

    def _note_on(self, note: int, velocity: int) -> None:
        self._held = [(n, v) for n, v in self._held if n != note]
        self._sustained.discard(note)
        # Over another key that is down; what only the pedal holds does not count.
        legato = len(self._held) > len(self._sustained) and note != self.note
        self._held.append((note, velocity))
        self.note, self.velocity, self._key_pressure = note, velocity, 0.0
        self._attack(legato)

    def _note_off(self, note: int) -> None:
        if not any(n == note for n, _ in self._held):
            return
        if self._pedal:
            self._sustained.add(note)
            return
        self._let_go({note})

    def _let_go(self, notes: set[int]) -> None:
        before = self._held
        self._held = [(n, v) for n, v in before if n not in notes]
        if not self._held:
            if before:
                self._release()
        elif self._held[-1][0] != self.note:
            (self.note, self.velocity), self._key_pressure = self._held[-1], 0.0
            self._attack(True)

    def _control(self, number: int, value: int) -> None:
        if number == 1:
            self.modulation = value / 127
        elif number == 7:
            self.volume = value / 127
        elif number == 11:
            self.expression = value / 127
        elif number == 64:
            self._pedal = value >= 64
            if not self._pedal:
                self._let_go(self._sustained)
                self._sustained = set()
        elif number in (98, 99):
            self._rpn = NO_RPN
        elif number == 100:
            self._rpn = (self._rpn[0], value)
        elif number == 101:
            self._rpn = (value, self._rpn[1])
        elif number in (6, 38) and self._rpn == (0, 0):
            whole, part = math.floor(self.bend_range), self.bend_range % 1.0
            new = value + part if number == 6 else whole + min(value, 99) / 100
            self.bend_range = min(new, midi_map.MAX_BEND_RANGE)
        elif number == 120:
            self._held, self._sustained = [], set()
            self._silence()
        elif number == 121:
            self._reset_controllers()
            self._let_go(self._sustained)
            self._sustained = set()
        elif number >= 123:
            self._sustained = set()
            self._let_go({n for n, _ in self._held})
