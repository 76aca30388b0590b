"""Scale snap: the pitch is pulled to the notes of a scale, with or without its vibrato."""

from __future__ import annotations

import math
from bisect import bisect_left

from ddsp_edge.effect.scales import SCALES
from ddsp_edge.settings import NOTE_NAMES

#: A note is left only this many semitones beyond the half-way to the next one.
MARGIN = 0.2
#: Hard: a new note is reached within this, in seconds.
HARD_GLIDE_S = 0.015
#: Soft: the middle of a vibrato is found within about this, in seconds, ...
CENTRE_S = 0.12
#: ... of a note that has just begun sooner: within this and half its age;
YOUNG_S = 0.02
#: the correction follows it in about this, ...
SOFT_GLIDE_S = 0.06
#: ... and what is beyond the margin for so long is a new note, not the top of a vibrato.
STAYS_S = 0.05
#: Off, or another mode: what was corrected is let go within about this, in seconds.
LET_GO_S = 0.05
LOWEST_NOTE, HIGHEST_NOTE = -12, 150  #: MIDI notes of the table


def scale_notes(key: str, scale: str) -> tuple[int, ...]:
    """All MIDI notes of a scale, rising."""
    root, steps = NOTE_NAMES.index(key), SCALES[scale]
    return tuple(n for n in range(LOWEST_NOTE, HIGHEST_NOTE + 1) if (n - root) % 12 in steps)


def nearest(notes: tuple[int, ...], pitch: float) -> int:
    """The note of a rising table that is nearest; at the half-way the lower one."""
    at = bisect_left(notes, pitch)
    if at == 0:
        return notes[0]
    if at == len(notes):
        return notes[-1]
    low, high = notes[at - 1], notes[at]
    return low if pitch - low <= high - pitch else high


class Snap:
    """Pitch in, pitch out, both as MIDI notes with fractions. Control thread.

    A target is kept until the pitch is MARGIN beyond the half-way to another note, so what is
    played between two notes does not flutter. Changing anything glides.
    """

    def __init__(self) -> None:
        self._mode, self._key, self._scale = "off", "", ""
        self._notes: tuple[int, ...] = ()
        self._offset = 0.0  # of the sounding scale from the notes of the table
        self.set("off", "C", "chromatic", 0.0)
        self.reset()

    def set(self, mode: str, key: str, scale: str, offset: float) -> None:
        """Settings snap, snap_key, snap_scale; ``offset``: semitones added to every note."""
        if (key, scale) != (self._key, self._scale):
            self._key, self._scale, self._notes = key, scale, scale_notes(key, scale)
        if mode != self._mode:
            self._glide_s = HARD_GLIDE_S
        self._mode, self._offset = mode, offset

    def reset(self) -> None:
        """Nothing was heard: the next pitch begins a phrase."""
        self._fresh = True
        self._note = LOWEST_NOTE
        self._target = self._centre = self._out = 0.0
        self._pull = 0.0
        self._glide_s = self._age_s = self._beyond_s = 0.0

    @property
    def centre(self) -> float:
        """The middle of what was played lately, corrected: the pitch that freeze holds."""
        return self._target if self._mode == "hard" else self._centre + self._pull

    def step(self, pitch: float, dt_s: float, begins: bool) -> float:
        """The pitch to play, ``dt_s`` seconds after the last; ``begins``: after silence."""
        begins = begins or self._fresh
        self._fresh = False
        if begins:
            self._centre, self._age_s, self._beyond_s = pitch, 0.0, 0.0
        self._age_s += dt_s
        constant_s = min(CENTRE_S, YOUNG_S + 0.5 * self._age_s)
        self._centre += (pitch - self._centre) * _share(dt_s, constant_s)
        if self._mode == "hard":
            self._aim(self._nearest(pitch))
            self._pull = self._glide(begins, dt_s) - pitch
        elif self._mode == "soft":
            self._follow(pitch, begins, dt_s)
            if begins:
                self._pull = 0.0  # a phrase is entered as it is sung, then drawn to the note
            wanted = self._target - self._centre
            self._pull += (wanted - self._pull) * _share(dt_s, SOFT_GLIDE_S)
        else:
            self._follow(pitch, begins, dt_s)
            self._pull = 0.0 if begins else self._pull * (1.0 - _share(dt_s, LET_GO_S))
        self._out = pitch + self._pull
        return self._out

    def _follow(self, pitch: float, begins: bool, dt_s: float) -> None:
        """Soft: a note is a new one when the pitch stays there, and then its middle is new."""
        note = self._nearest(pitch)
        self._beyond_s = 0.0 if note == self._note else self._beyond_s + dt_s
        if begins or self._beyond_s >= STAYS_S:
            self._centre, self._age_s, self._beyond_s = pitch, 0.0, 0.0
            self._aim(note)
        else:
            self._aim(self._note)

    def _nearest(self, pitch: float) -> int:
        """The note to choose; the old one has the right of way as long as it is in the scale."""
        pitch -= self._offset
        new = nearest(self._notes, pitch)
        kept = self._notes[min(bisect_left(self._notes, self._note), len(self._notes) - 1)]
        if kept == self._note and abs(pitch - self._note) <= abs(pitch - new) + 2.0 * MARGIN:
            return self._note
        return new

    def _aim(self, note: int) -> None:
        """The note to go to; it may have moved with the tuning."""
        self._note, target = note, note + self._offset
        if target != self._target:
            self._target, self._glide_s = target, HARD_GLIDE_S

    def _glide(self, begins: bool, dt_s: float) -> float:
        """Straight to the target, there after HARD_GLIDE_S; at once where nothing sounded."""
        if begins or dt_s >= self._glide_s:
            self._glide_s = 0.0
            return self._target
        out = self._out + (self._target - self._out) * dt_s / self._glide_s
        self._glide_s -= dt_s
        return out


def _share(dt_s: float, constant_s: float) -> float:
    """How much of its way a one-pole filter goes in ``dt_s``."""
    return 1.0 - math.exp(-dt_s / constant_s)
