"""One budget of voices for all parts of a band: who gives way when it is spent."""

from __future__ import annotations

import weakref
from typing import Protocol

from ddsp_edge.synth.voice import NoteVoice

#: A voice that gives way falls by 60 dB in so many milliseconds: soon, and without a click.
CUT_MS = 20


class HasVoices(Protocol):
    """The voices of one part (:class:`ddsp_edge.synth.notes.Notes`)."""

    voices: list[NoteVoice]


class VoiceBudget:
    """At most ``limit`` voices sound in all that :meth:`join`; None: as many as there are.

    A note that starts beyond it takes the voice that is missed least, of whatever part: an
    inaudible one, else the quietest of those that are let go, else the oldest that only a pedal
    holds, else the oldest. One thread's.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.stolen = 0  #: voices that gave way
        self._members: list[weakref.ref[HasVoices]] = []  # in the order in which they came

    def join(self, notes: HasVoices) -> None:
        """Count the voices of ``notes`` from now on, as long as it is there."""
        self._members = [each for each in self._members if each() is not None]
        self._members.append(weakref.ref(notes))

    @property
    def sounding(self) -> int:
        """Voices that sound now; those that give way are not counted."""
        return len(self._sounding())

    def _sounding(self) -> list[NoteVoice]:
        there = [notes for each in self._members if (notes := each()) is not None]
        return [voice for notes in there for voice in notes.voices if voice.counts]

    def make_room(self, time_s: float) -> None:
        """Let voices give way until one more may sound."""
        if self.limit is None:
            return
        sounding = self._sounding()
        sounding.sort(key=lambda voice: voice.worth(time_s))
        for voice in sounding[: max(0, len(sounding) - self.limit + 1)]:
            voice.give_way(time_s, CUT_MS)
            self.stolen += 1
