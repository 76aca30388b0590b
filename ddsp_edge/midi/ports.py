"""MIDI ports: every keyboard that is plugged in plays, and one that is unplugged leaves no note
behind.

Messages come on the thread of their source, at once; one more thread looks four times a second
who has come or gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.midi import alsa_seq
from ddsp_edge.midi.input import APIS, MidiInput, close_inputs, load_rtmidi
from ddsp_edge.midi.network import MidiNetwork, address_of
from ddsp_edge.midi.parser import MidiBytes
from ddsp_edge.midi.port_names import address, is_keyboard, plain_name
from ddsp_edge.midi.source import Deliver, MidiSource

if TYPE_CHECKING:
    from ddsp_edge.midi.announcement import Announcement
    from ddsp_edge.midi.rtp import RtpMidi

_LOG = logging.getLogger(__name__)

POLL_S = 0.25  #: between looks for ports that have come or gone
RETRY_S = 2.0  #: between attempts to open an interface that is not there
#: A source that sends active sensing speaks every 0.3 s or has gone; with room for a busy machine.
SENSING_S = 0.45


def list_ports(api: str = "alsa", name: str = "ddsp-edge") -> list[str]:
    """The plain names of what would be listened to now. Raises UserError."""
    lister = MidiInput(api, f"{name}-list", lambda _: None)
    try:
        return [plain_name(port) for port in lister.sources() if is_keyboard(port, name)]
    finally:
        lister.close()


@dataclass(slots=True)
class _Open:
    """A port of rtmidi that is open, with the source it feeds."""

    port: str  # rtmidi's name
    source: MidiSource
    input: MidiInput
    received: int | None = None  # bytes that its card had received when it was last looked at

    def look_for_bytes(self) -> None:
        """Give the source a sign of life where the card has received a byte since the last call."""
        received = _received(self.port)
        if received != self.received:
            self.received = received
            self.source.sign_of_life()


class MidiPorts:
    """Every MIDI input there is.

    ``deliver(message)`` is called on rtmidi's (or the network's) own threads, from several at a
    time, and must not wait. ``on_event`` gets ``{"event": "midi", "port", "kind", "state",
    "released", "text"}`` on other threads: state "plugged", "unplugged" (``released`` notes ended),
    "silent" (active sensing stopped), "ready" and "missing" (the interface; ``text`` says why).

    ``api``: "alsa", "jack" or "none". ``network``: None, a port of this machine (9080) or
    "address:port". ``ignore``: patterns of names, as in a shell; ``off``: plain names, see
    :meth:`switch_off`. ``rtp``: as ``network``, for RTP-MIDI. ``name``: ours, for the others.
    """

    def __init__(
        self,
        deliver: Deliver,
        on_event: Callable[[dict[str, Any]], None],
        *,
        api: str = "alsa",
        network: str | int | None = None,
        ignore: Sequence[str] = (),
        off: Sequence[str] = (),
        name: str = "ddsp-edge",
        rtp: str | int | None = None,
    ) -> None:
        if api not in (*APIS, "none"):
            raise UserError(f"MIDI interface {api!r}: choose {', '.join((*APIS, 'none'))}")
        self._deliver, self._on_event = deliver, on_event
        self._api, self._ignore, self._name = api, tuple(ignore), name
        self._off = frozenset(off)
        self._present: list[str] = []  # plain names of what could be listened to
        self._address = None if network is None else address_of(network)
        self._rtp_address = None if rtp is None else address_of(rtp)
        self._lock = threading.Lock()  # of _sources
        self._sources: list[MidiSource] = []
        self._open: dict[str, _Open] = {}  # rtmidi's name to what is open
        self._virtual: _Open | None = None
        self._refused: set[str] = set()  # there, but would not be connected to
        self._clients: alsa_seq.Clients | None = None  # as they were when ports were listed
        self._listed: list[str] = []
        self._heard_by_us: frozenset[alsa_seq.Address] = frozenset()
        self._count = 0
        self._retry_at = 0.0
        self._problem = ""
        self._network: MidiNetwork | None = None
        self._rtp: RtpMidi | None = None
        self._announcement: Announcement | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ddsp-midi", daemon=True)

    def start(self) -> None:
        """Open what is there; once. Raises UserError where rtmidi is not installed or the network
        port cannot be opened; an interface that is not there yet is an event, and waited for."""
        if self._api != "none":
            load_rtmidi()
        if self._address is not None:
            self._network = MidiNetwork(self._address, self._plug_network, self._unplug)
        if self._rtp_address is not None:
            from ddsp_edge.midi.announcement import Announcement  # few have it
            from ddsp_edge.midi.rtp import RtpMidi

            try:
                self._rtp = RtpMidi(self._rtp_address, self._plug_network, self._unplug, self._name)
            except UserError:
                if self._network is not None:
                    self._network.stop()
                raise
            if not self._rtp.address[0].startswith("127."):
                self._announcement = Announcement(self._name, self._rtp.address[1])
        if self._api != "none":
            self._rescan()
        self._thread.start()

    def stop(self) -> None:
        """Close every port; every held note is released before this returns."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._network is not None:
            self._network.stop()
            self._network = None
        if self._rtp is not None:
            self._rtp.stop()
            self._rtp = None
        if self._announcement is not None:
            self._announcement.stop()
            self._announcement = None
        opened = [*self._open.values(), *([self._virtual] if self._virtual else [])]
        for each in opened:
            self._unplug(each.source)
        close_inputs([each.input for each in opened])
        self._open, self._virtual = {}, None

    @property
    def network_address(self) -> tuple[str, int] | None:
        """The address that the network port listens on; None: there is none."""
        return self._network.address if self._network else None

    @property
    def rtp_address(self) -> tuple[str, int] | None:
        """The address of RTP-MIDI's first port; None: it is off."""
        return self._rtp.address if self._rtp else None

    @property
    def problem(self) -> str:
        """The reason why the MIDI interface is missing; empty where it is present."""
        return self._problem

    def ports(self) -> list[dict[str, str]]:
        """What is listened to now: name and kind ("alsa", "jack", "virtual", "network")."""
        with self._lock:
            return [{"port": s.name, "kind": s.kind} for s in self._sources]

    def switch_off(self, names: Sequence[str]) -> None:
        """Ports of these plain names are not heard from the next look on, all others are."""
        self._off = frozenset(names)
        self._clients = None  # list them anew

    def everything(self) -> list[dict[str, Any]]:
        """All ports that are there: name, kind, heard, and ignored_by "config", "panel" or ""."""
        rows = [{**row, "heard": True, "ignored_by": ""} for row in self.ports()]
        heard = {row["port"] for row in rows}
        for name in dict.fromkeys(self._present):
            if name not in heard:
                by = "panel" if name in self._off else ""
                if not is_keyboard(name, self._name, self._ignore):
                    by = "config"
                rows.append({"port": name, "kind": self._api, "heard": False, "ignored_by": by})
        return rows

    # ---- sources, from the watching and the network's thread -----------------------------

    def _others(self) -> list[MidiSource]:
        return self._sources  # replaced, never changed in place

    def _new_source(self, name: str, kind: str) -> MidiSource:
        """A source of a unique name: a second keyboard of the same make is "#2"."""
        taken = {source.name for source in self._sources}
        number = 1
        while (unique := name if number == 1 else f"{name} #{number}") in taken:
            number += 1
        return MidiSource(unique, kind, self._deliver, self._others)

    def _plug_network(self, name: str) -> MidiSource:
        return self._plug(self._new_source(name, "network"))

    def _plug(self, source: MidiSource) -> MidiSource:
        with self._lock:
            self._sources = [*self._sources, source]
        self._say(source, "plugged")
        return source

    def _unplug(self, source: MidiSource) -> None:
        released = source.release(close=True)
        with self._lock:
            self._sources = [each for each in self._sources if each is not source]
        self._say(source, "unplugged", released)

    def _say(self, source: MidiSource, state: str, released: int = 0) -> None:
        self._tell(port=source.name, kind=source.kind, state=state, released=released)

    def _tell(self, **facts: Any) -> None:
        event = {"event": "midi", "port": "", "kind": self._api, "released": 0, "text": ""}
        try:
            self._on_event(event | facts)
        except Exception:  # a listener's fault must not end the watching
            _LOG.exception("an event of the MIDI ports failed")

    # ---- the interface ------------------------------------------------------------------

    def _watch(self) -> None:
        looked_s = time.monotonic()
        while not self._stopping.wait(POLL_S):
            now = time.monotonic()
            try:
                # After a long wait for the processor messages may be waiting too: not silence.
                if now - looked_s < 2 * POLL_S:
                    self._check_sensing(now)
                if self._api != "none":
                    self._rescan()
            except Exception:  # whatever it was, keyboards that come later must play
                _LOG.exception("looking for MIDI ports failed")
            looked_s = now

    def _check_sensing(self, now: float) -> None:
        for each in self._open.values():
            if each.source.senses and each.received is not None:
                each.look_for_bytes()
        for source in self._sources:
            if source.gone_silent(now, SENSING_S):
                self._say(source, "silent", source.release())

    def _rescan(self) -> None:
        if self._virtual is None:
            self._virtual = self._open_interface()
        if self._virtual is None:
            return
        clients = alsa_seq.read() if self._api == "alsa" else None
        ports = self._list(self._virtual.input, clients)
        self._refused &= set(ports)
        for each in list(self._open.values()):
            if each.port not in ports or (clients is not None and _lost(each, clients)):
                del self._open[each.port]
                self._unplug(each.source)
                each.input.close()
        for port in ports:
            if port not in self._open and port not in self._refused:
                self._listen(port)
        if clients is not None:
            self._check_virtual(self._virtual, clients)

    def _list(self, lister: MidiInput, clients: alsa_seq.Clients | None) -> list[str]:
        """The ports to listen to. rtmidi is asked only when the sequencer has changed: that takes
        it a hundred system calls with Python's lock held."""
        known = self._clients
        if clients is None or known is None or not clients.same_ports(known):
            there = [port for port in lister.sources() if is_keyboard(port, self._name)]
            self._present = [plain_name(port) for port in there]
            self._listed = [
                port
                for port in there
                if is_keyboard(port, self._name, self._ignore) and plain_name(port) not in self._off
            ]
            self._clients = clients
        return self._listed

    def _open_interface(self) -> _Open | None:
        now = time.monotonic()
        if now < self._retry_at:
            return None
        try:
            virtual = self._new(self._name, "virtual", self._name)
            try:
                virtual.input.open_virtual("play")
            except UserError:
                virtual.input.close()
                raise
        except UserError as error:
            self._retry_at = now + RETRY_S
            if self._problem != str(error):
                self._problem = str(error)
                self._tell(state="missing", text=self._problem)
            return None
        self._problem = ""
        self._tell(state="ready")
        self._plug(virtual.source)
        return virtual

    def _new(self, port: str, kind: str, client: str) -> _Open:
        source = self._new_source(plain_name(port), kind)
        # Where the kernel counts the bytes nothing has to be kept in memory to see that they come.
        received = _received(port) if self._api == "alsa" else None
        opened = MidiInput(
            self._api, client, lambda data: _pass_on(source, data), sysex=received is None
        )
        return _Open(port, source, opened, received)

    def _listen(self, port: str) -> None:
        self._count += 1
        try:
            opened = self._new(port, self._api, f"{self._name}-{self._count}")
        except UserError as error:
            self._refused.add(port)
            self._tell(port=plain_name(port), state="missing", text=str(error))
            return
        if not opened.input.connect(port):  # gone again, or not to be shared
            self._refused.add(port)
            opened.input.close()
            return
        self._open[port] = opened
        self._plug(opened.source)

    def _check_virtual(self, virtual: _Open, clients: alsa_seq.Clients) -> None:
        """Who was connected to our own port and is no more leaves no note behind either."""
        heard = clients.heard_by(virtual.input.client)
        if self._heard_by_us - heard and (released := virtual.source.release()):
            self._say(virtual.source, "silent", released)
        self._heard_by_us = heard


def _lost(opened: _Open, clients: alsa_seq.Clients) -> bool:
    """The port has gone and come back under the same number: we hear it no more."""
    where = address(opened.port)
    return where is not None and not clients.listens(opened.input.client, where)


def _received(port: str) -> int | None:
    """Return how many bytes the card of a port has received; None where that is unknown."""
    where = address(port)
    return alsa_seq.received_bytes(where[0]) if where is not None else None


def _pass_on(source: MidiSource, data: Sequence[int]) -> None:
    """Pass the bytes of a message on to its source.

    It runs in rtmidi's thread and raises nothing.
    """
    try:
        messages = [mido.Message.from_bytes(data)]
    except ValueError:  # several at once (ALSA's 14-bit controllers), or nonsense
        messages = MidiBytes().feed(bytes(data))
    for message in messages:
        source.receive(message)
