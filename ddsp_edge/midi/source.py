"""One source of MIDI, a keyboard or a network peer: its messages, and what it still holds.

Everything is kept apart for each source, so that pulling one plug never touches what is played on
another keyboard.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import mido

_LOG = logging.getLogger(__name__)
Deliver = Callable[[mido.Message], None]

#: Controllers that hang when their keyboard goes, with the value from which they count as pressed.
PEDALS = {64: 64, 66: 64, 69: 64}  # sustain, sostenuto, hold 2
MODULATION = 1
#: Messages that go no further: frequent or long, and no instrument acts on them.
UNUSED = frozenset(("active_sensing", "quarter_frame", "sysex"))
#: A source that has sent no clock for so many seconds leaves it to others.
CLOCK_REST_S = 1.0
ALL_OFF = (120, 123, 124, 125, 126, 127)  # controllers that end every note of a channel

#: What is left of a source: what kind, channel, number (a key, a controller or 0).
Held = tuple[str, int, int]


def _rest(held: Held) -> mido.Message:
    """Return the message that releases ``held``: a note, controller, bend or pressure."""
    kind, channel, number = held
    if kind == "note":
        return mido.Message("note_off", channel=channel, note=number, velocity=64)
    if kind == "control":
        return mido.Message("control_change", channel=channel, control=number, value=0)
    if kind == "bend":
        return mido.Message("pitchwheel", channel=channel, pitch=0)
    return mido.Message("aftertouch", channel=channel, value=0)


class MidiSource:
    """Give it the messages of one source; it passes them on and remembers what is held.

    ``others`` are all the sources there are now: a note that another keyboard holds as well is not
    ended by pulling this one's plug.
    """

    def __init__(
        self, name: str, kind: str, deliver: Deliver, others: Callable[[], list[MidiSource]]
    ) -> None:
        self.name, self.kind = name, kind  #: kind: "alsa", "jack", "virtual" or "network"
        self.senses = False  #: it has sent active sensing: silence then means that it has gone
        self.heard_s = time.monotonic()  #: when it last said anything
        self._clocks_s = -CLOCK_REST_S  # when it last sent a clock that was passed on
        self._deliver, self._others = deliver, others
        self._held: set[Held] = set()
        self._lock = threading.Lock()  # held while delivering: nothing overtakes a release
        self._closed = False

    def receive(self, message: mido.Message) -> None:
        """Take one message, on the thread of the source.

        Every message is a sign of life (:meth:`gone_silent`). Active sensing goes no further:
        merged with other sources it would end their notes too. Nor do the others of UNUSED. Of
        several clocks that of one source is passed on, until it stops.
        """
        self.sign_of_life()
        if message.type == "active_sensing":
            self.senses = True
        if message.type in UNUSED or (message.type == "clock" and not self._leads()):
            return
        with self._lock:
            if not self._closed:
                self._note(message)
                self._pass(message)

    def _leads(self) -> bool:
        """Whether no other source's clock is followed."""
        if any(self.heard_s - o._clocks_s < CLOCK_REST_S for o in self._others() if o is not self):
            return False
        self._clocks_s = self.heard_s
        return True

    def sign_of_life(self) -> None:
        """Something came from the source, if only a part of a message. Any thread."""
        self.heard_s = time.monotonic()

    def _pass(self, message: mido.Message) -> None:
        try:
            self._deliver(message)
        except Exception:  # a fault of the listener must end neither rtmidi's thread nor a release
            _LOG.exception("a MIDI message was not delivered: %s", message)

    def _note(self, message: mido.Message) -> None:
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._held.add(("note", message.channel, message.note))
        elif kind in ("note_on", "note_off"):
            self._held.discard(("note", message.channel, message.note))
        elif kind == "pitchwheel":
            self._set(("bend", message.channel, 0), message.pitch != 0)
        elif kind == "aftertouch":
            self._set(("pressure", message.channel, 0), message.value != 0)
        elif kind == "control_change":
            number = message.control
            if number in PEDALS or number == MODULATION:
                pressed = message.value >= PEDALS.get(number, 1)
                self._set(("control", message.channel, number), pressed)
            elif number in ALL_OFF:
                self._held -= {h for h in self._held if h[:2] == ("note", message.channel)}
        elif kind == "reset":
            self._held.clear()

    def _set(self, held: Held, pressed: bool) -> None:
        if pressed:
            self._held.add(held)
        else:
            self._held.discard(held)

    def holds(self, held: Held) -> bool:
        """Return whether the source holds this. Any thread may call it."""
        return held in self._held

    def notes(self) -> list[tuple[int, int]]:
        """Return the (channel, key) of every note that the source holds. Any thread may call it."""
        return [(channel, key) for kind, channel, key in list(self._held) if kind == "note"]

    def gone_silent(self, now_s: float, timeout_s: float) -> bool:
        """Whether it promised active sensing and has sent nothing for longer than ``timeout_s``."""
        return self.senses and now_s - self.heard_s > timeout_s

    def release(self, close: bool = False) -> int:
        """Ends what this source alone holds: notes, pedals, bend, pressure, modulation.

        ``close``: nothing that still comes from it is delivered. Returns how many notes ended.
        Any thread but that of the source.
        """
        with self._lock:
            self._closed = self._closed or close
            self.senses = False  # until it speaks again
            held, self._held = self._held, set()
            others = [source for source in self._others() if source is not self]
            alone = [h for h in sorted(held) if not any(other.holds(h) for other in others)]
            # Pedals first: under one that is down a note-off would change nothing.
            for each in sorted(alone, key=lambda h: h[0] == "note"):
                self._pass(_rest(each))
            return sum(h[0] == "note" for h in alone)
