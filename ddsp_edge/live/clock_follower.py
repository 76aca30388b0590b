"""A MIDI clock that the instruments follow, live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddsp_edge.midi.beat import Beat
from ddsp_edge.midi.clock import MidiClock

if TYPE_CHECKING:
    import mido

#: What is told anew: a tempo that differs by this share, a beat that has moved by so much of one.
TEMPO_SHARE, MOVED_BEATS = 0.003, 0.02


class ClockFollower:
    """Listens to a clock; says when the instruments have to be told of the beat.

    The control thread's alone. ``now_s`` are seconds of a steady clock, ``rig_s`` those of the
    rig at the same moment.
    """

    def __init__(self) -> None:
        self._clock = MidiClock()
        self.told: Beat | None = None  #: what the instruments know, in seconds of the rig

    def receive(self, message: mido.Message, now_s: float) -> bool:
        """Take a message; return whether it was of a clock: it means nothing to the keys."""
        return self._clock.receive(message.type, now_s, getattr(message, "pos", 0))

    def news(self, now_s: float, rig_s: float) -> bool:
        """Whether ``told`` has changed: there is another beat, or none any more."""
        heard, told = self._clock.beat(now_s), self.told
        if heard is None:
            self.told = None
            return told is not None
        beat = replace(heard, at_s=rig_s)
        if (
            told is not None
            and abs(beat.hz - told.hz) < TEMPO_SHARE * told.hz
            and abs(told.at(rig_s) - beat.beats) < MOVED_BEATS
        ):
            return False
        self.told = beat
        return True
