"""One input port of rtmidi, closed in a way that neither hangs nor crashes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ddsp_edge.errors import UserError

SEQUENCER = Path("/dev/snd/seq")
INSTALL = "make live  # in the clone; elsewhere: pip install 'ddsp-edge[live]'"
#: Our names of rtmidi's interfaces.
APIS = {"alsa": "API_LINUX_ALSA", "jack": "API_UNIX_JACK"}
#: A callback that waits for Python's lock is through after this.
SETTLE_S, SETTLE_TIMES = 0.01, 5

Receive = Callable[[Sequence[int]], None]


def load_rtmidi() -> ModuleType:
    """Import python-rtmidi. Raises UserError where it is not installed."""
    try:
        import rtmidi
    except ImportError as error:
        raise UserError(f"MIDI ports need python-rtmidi ({error}): {INSTALL}") from None
    return rtmidi


def why_not(api: str) -> str:
    """Return the reason why the interface cannot exist here; empty where it can."""
    if api == "alsa" and not SEQUENCER.exists():
        return f"this machine has no ALSA sequencer ({SEQUENCER}): sudo modprobe snd-seq"
    return ""


def load_api(api: str) -> tuple[ModuleType, int]:
    """Import python-rtmidi; return it with its number of the interface ``api``. Raises UserError
    where it is not installed, was built without that interface, or this machine has none."""
    rtmidi = load_rtmidi()
    number = getattr(rtmidi, APIS[api])
    if number not in rtmidi.get_compiled_api():
        raise UserError(f"this python-rtmidi was built without {api}: {INSTALL}")
    if reason := why_not(api):
        raise UserError(reason)
    return rtmidi, number


class MidiInput:
    """A client of the sequencer (or of JACK) with one port.

    ``receive`` is called with the bytes of each message, on rtmidi's thread; clock and active
    sensing too, since each is a sign that the other end is there, and system exclusive where
    ``sysex`` is true (rtmidi keeps such a message in memory until it is complete). All else here
    is for one thread. Raises UserError where the interface cannot be opened.
    """

    def __init__(self, api: str, client: str, receive: Receive, sysex: bool = True) -> None:
        rtmidi, number = load_api(api)
        self.client = client  #: its name among the others
        try:
            self._rt = rtmidi.MidiIn(rtapi=number, name=client)
        except rtmidi.RtMidiError as error:
            reason = "no JACK server runs here" if api == "jack" else str(error)
            raise UserError(f"MIDI over {api} cannot be opened: {reason}") from None
        self._error: type[Exception] = rtmidi.RtMidiError
        self._rt.ignore_types(sysex=not sysex, timing=False, active_sense=False)

        def heard(event: tuple[Sequence[int], float], _: Any) -> None:
            receive(event[0])

        self._rt.set_callback(heard)

    def sources(self) -> list[str]:
        """Return the names of the ports that can be listened to, as rtmidi gives them."""
        return [name for name in self._rt.get_ports() if name]

    def connect(self, source: str) -> bool:
        """Listen to ``source``; return False where it has gone in the meantime."""
        try:
            self._rt.open_port(self.sources().index(source), "in")
        except (ValueError, self._error):
            return False
        return True

    def open_virtual(self, port: str) -> None:
        """Open a port that other programs can connect to. Raises UserError."""
        try:
            self._rt.open_virtual_port(port)
        except self._error as error:
            raise UserError(f"MIDI port {port!r} cannot be opened: {error}") from None

    def close(self) -> None:
        """Takes SETTLE_S * SETTLE_TIMES; for several at once see :func:`close_inputs`."""
        close_inputs([self])


def close_inputs(inputs: Sequence[MidiInput]) -> None:
    """Closes them all; takes SETTLE_S * SETTLE_TIMES.

    rtmidi joins its thread while it holds Python's lock. A callback that waits for the lock at
    that moment would wait for ever, and one whose record Python has freed would crash: so the
    records are kept, no new callback may start, and those under way get the lock first.
    """
    if not inputs:
        return
    rts = [each._rt for each in inputs]
    records = [gc.get_referents(rt) for rt in rts]
    for rt in rts:
        rt.cancel_callback()
    for _ in range(SETTLE_TIMES):
        time.sleep(SETTLE_S)
    for rt in rts:
        rt.close_port()
        rt.delete()
    del records
