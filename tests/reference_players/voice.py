"""A voice of the synth player in plain Python."""

from __future__ import annotations

import math

from ddsp_edge.settings import Settings
from native.player import Note, Touch
from reference_players.envelope import Envelope

#: A grid frame this close to a note's own frame would say the same again.
CLOSE_S = 0.0002
#: A voice is shown so much silence before it rests, for the model to forget the note.
SETTLE_S = 2.0
NEVER = math.inf


class NoteVoice:
    """Times are seconds of the player's clock, pitches MIDI notes without bend and vibrato."""

    def __init__(self, index: int, settings: Settings) -> None:
        self.index = index
        self.note: Note | None = None  #: the last one that it was struck for
        self.touch = Touch()
        self.envelope = Envelope(settings)
        self._due_s = NEVER  # of a frame outside the grid: a note starts or all sound stops
        self._rise_s = self._last_s = -1.0  # the end of a dip; the last frame outside the grid
        self._to = self._from = 69.0
        self._glide_at, self._glide_s = 0.0, 0.0
        self._quiet_s = -NEVER  # when it fell silent
        self.loudness_db = -NEVER  #: of its last frame

    def strike(self, note: Note, start: float, time_s: float, legato: bool) -> None:
        """Play a note whose glide begins at ``start``."""
        self.note, self._from, self._to = note, start, note.pitch
        self._glide_at, self._glide_s = time_s, note.glide_s
        self._rise_s = self.envelope.attack(time_s, legato)
        self._due_s = time_s

    def release(self, time_s: float) -> None:
        self.envelope.release(time_s)

    def stop(self, time_s: float) -> None:
        """Silence at once."""
        if not self.envelope.silent:
            self.envelope.stop()
            self._due_s = time_s

    def pitch(self, time_s: float) -> float:
        done = time_s - self._glide_at
        if done >= self._glide_s or not self._glide_s:
            return self._to
        return self._from + (self._to - self._from) * max(0.0, done) / self._glide_s

    def level(self, time_s: float) -> float:
        """Of the envelope, 0..1, at a time that is not before the last one asked for or so."""
        level = self.envelope.level(time_s)
        if level > 0.0:
            self._quiet_s = NEVER
        elif self._quiet_s == NEVER:
            self._quiet_s = time_s
        return level

    @property
    def sounds(self) -> bool:
        return not self.envelope.silent

    def rests(self, time_s: float) -> bool:
        """It has been silent for long: it needs no frames."""
        return not self.sounds and time_s - self._quiet_s > SETTLE_S and self._due_s == NEVER

    @property
    def due_s(self) -> float:
        """When its next frame outside the grid is due: of a note that starts, or rises again."""
        if self._due_s < NEVER:
            return self._due_s
        return self._rise_s if self._rise_s > self._last_s else NEVER

    def take_due(self) -> None:
        """That frame is made now."""
        self._last_s, self._due_s = self.due_s, NEVER

    def dips_at(self, time_s: float) -> bool:
        """It was struck again and is to rise only later."""
        return time_s < self._rise_s

    def skips(self, time_s: float) -> bool:
        """A frame of the grid would say what its own frame has said, or disturb it."""
        return time_s < max(self._rise_s, self._last_s + CLOSE_S) or self.due_s <= time_s
