"""Sends what the effect hears as MIDI, while the setting ``midi_out`` is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ddsp_edge.effect.pitch_to_midi import Message, PitchToMidi
from ddsp_edge.live.instrument import Instrument
from ddsp_edge.settings import Settings

#: Takes messages and returns at once.
Send = Callable[[Sequence[Message]], None]


class HeardNotes:
    """The control thread's alone. ``send`` None: nobody wants them."""

    def __init__(self, settings: Settings) -> None:
        self.send: Send | None = None
        self._on = False
        self._converter = PitchToMidi(settings)
        self.set(settings)

    def set(self, settings: Settings) -> None:
        """Take new settings; what sounded on another channel ends."""
        self._tell(self._converter.set(settings))
        before, self._on = self._on, settings.midi_out == "on"
        if before and not self._on:
            self.end()
        elif self._on and not before:
            self._open()

    def give_to(self, send: Send | None) -> None:
        """Send what is heard from now on through ``send``."""
        self.end()
        self.send = send
        if self._on:
            self._open()

    def _open(self) -> None:
        """Have the port opened, so that it can be connected before anything is played."""
        if self.send is not None:
            self.send(())

    def hear(self, instrument: Instrument | None) -> None:
        """Take what the current instrument has heard since the last call; none: the note ends."""
        if not self._on or self.send is None:
            return
        if instrument is None or not instrument.listens:
            self.end()
            return
        for tick in instrument.heard_ticks:
            self._tell(self._converter.hear(tick.frame(instrument.rate)))

    def end(self) -> None:
        """End the note that sounds, and leave bend and pressure at rest."""
        self._tell(self._converter.end())

    def _tell(self, messages: Sequence[Message]) -> None:
        if messages and self.send is not None:
            self.send(messages)
