"""The instruments in the rig: one plays, others fade out; the control thread's alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ddsp_edge.live.instrument import Instrument
from ddsp_edge.midi.beat import Beat
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.settings import Settings
from native.rig import Rig

if TYPE_CHECKING:
    import mido

#: Cross-fade, seconds.
FADE_S = 0.05
#: Of the rig's four groups one stays free, so that a request never meets a full rig.
MOST = 3


class Superseded(BaseException):
    """The thread was replaced while it hung: it must end and touch nothing any more."""


class ActiveInstruments:
    """What is set is for the current one; the others only go on until they have faded out."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.current: Instrument | None = None
        self.all: tuple[Instrument, ...] = ()  #: the current one is the last
        self.changes = 0  #: instruments that came
        self._faults_of_retired = 0
        self.superseded = False  #: another thread goes on with another stage
        self.asked: Instrument | None = None  #: the one whose model is being asked
        self._hung: tuple[Instrument, ...] = ()  # never freed: a thread may still be in them

    @property
    def full(self) -> bool:
        """No other may enter before one has retired."""
        return len(self.all) >= MOST

    def enter(self, instrument: Instrument) -> bool:
        """Cross-fade to ``instrument``; False, and nothing happens, where there is no room."""
        if self.full:
            return False
        before = self.current
        if before is not None:
            instrument.adopt(before)
        lead_s = instrument.lead_s if before else 0.0
        if not self._rig.play_together(instrument.parts, lead_s, FADE_S):
            return False
        self.current = instrument
        self.all = (*self.all, instrument)
        self.changes += 1
        return True

    def leave(self, fade_s: float) -> None:
        """Fade all instruments out, in ``fade_s`` seconds."""
        self._rig.play(None, 0.0, fade_s)

    def answer(self) -> None:
        """Answer the ticks of each instrument."""
        for instrument in self.all:
            self._ask(instrument, instrument.answer)

    def _ask(self, instrument: Instrument, call: Callable[[], None]) -> None:
        """Call an instrument.

        Raises Superseded where that took so long that the thread was replaced.
        """
        self.asked = instrument
        try:
            call()
        finally:
            if self.superseded:
                raise Superseded
        self.asked = None

    def without(self, hung: Instrument | None) -> ActiveInstruments:
        """A stage for the thread that replaces the one that hangs in ``hung``, which is faded out.

        The other instruments go on.
        """
        self.superseded = True
        active = ActiveInstruments(self._rig)
        active.all = tuple(each for each in self.all if each is not hung)
        active.current = self.current if self.current is not hung else None
        active.changes, active._faults_of_retired = self.changes, self._faults_of_retired
        active._hung = (*self._hung, hung) if hung is not None else self._hung
        self._rig.panic()
        if active.current is None:
            self._rig.play(None, 0.0, FADE_S)
        return active

    def receive(self, message: mido.Message, time_s: float) -> None:
        """Also those that fade out: a key that is let go is let go there too."""
        for instrument in self.all:
            instrument.receive(message, time_s)

    def sound(self) -> None:
        """After the messages that came together; the current one first."""
        for instrument in reversed(self.all):
            if not instrument.silenced:
                self._ask(instrument, instrument.sound)

    def pass_time(self, time_s: float) -> None:
        """Some time has passed; ``time_s`` seconds of the rig's clock."""
        for instrument in self.all:
            instrument.pass_time(time_s)

    def follow(self, beat: Beat | None) -> None:
        """The beat of a clock, in seconds of the rig; None: there is none."""
        for instrument in self.all:
            instrument.follow(beat)

    def set(self, settings: Settings) -> None:
        """Those that fade out keep their own."""
        if self.current is not None:
            self.current.set(settings)

    def change_parts(self, parts: Sequence[BandPart]) -> None:
        """Other levels, places and keys of the band that plays."""
        if self.current is not None:
            self.current.change_parts(parts)

    def freeze(self, on: bool) -> None:
        if self.current is not None:
            self.current.freeze(on)

    def panic(self) -> None:
        """Silence everything at once and let go of all notes."""
        self._rig.panic()
        for instrument in self.all:
            if instrument is self.current:
                instrument.panic()
            else:
                instrument.silenced = True

    def drop_retired(self) -> None:
        """Free what the audio thread has done with."""
        while (part := self._rig.retired()) is not None:
            for instrument in self.all:
                if instrument.retire(part):
                    self._faults_of_retired += instrument.faults
                    self.all = tuple(i for i in self.all if i is not instrument)
                    break

    @property
    def faults(self) -> int:
        """Frames in which a model gave NaN or infinity, of all that ever played."""
        return self._faults_of_retired + sum(i.faults for i in self.all)
