"""RTP-MIDI: a Mac, an iPad, Windows or a Linux machine with rtpmidid plays over the network.

The other side invites, this one answers (Apple's "MIDI Network Driver Protocol"): first on the
control port, then on the next one, which carries the MIDI. A packet that is lost is made good from
the journal in the next one (:mod:`ddsp_edge.midi.rtp_journal`). There is no password: whoever
reaches the ports plays.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import mido
from mido.messages.specs import SPEC_BY_STATUS

from ddsp_edge.errors import UserError
from ddsp_edge.midi import rtp_packets as packets
from ddsp_edge.midi.rtp_journal import repair
from ddsp_edge.midi.source import MidiSource

MAX_SESSIONS = 8
MAX_PACKET = 2048
#: A session has so long between its two invitations, and then between any two packets of it
#: (clocks are compared every ten seconds at least), in seconds.
JOIN_S, SILENT_S = 10.0, 60.0
#: So often the other side is told what has come, so that its journal stays short.
FEEDBACK_S = 1.0
#: A peer may send this many messages at once and a second; what goes beyond is dropped.
BURST, RATE = 1000, 4000
TICK_S = 1e-4  #: of the session's clock

Address = tuple[str, int]


@dataclass(slots=True)
class _Session:
    ssrc: int
    token: int
    name: str
    control: Address
    heard_s: float
    data: Address | None = None
    source: MidiSource | None = None  #: once both ports are joined
    last: int | None = None  #: sequence number
    told: int | None = None  #: the last one that feedback was sent for
    told_s: float = 0.0
    debt: float = field(default=0.0)  #: messages beyond what its rate allows
    counted_s: float = 0.0

    def too_much(self, messages: int, now: float) -> bool:
        """Count ``messages`` more; whether they go beyond what a peer may send."""
        self.debt = max(0.0, self.debt - (now - self.counted_s) * RATE)
        self.counted_s = now
        if self.debt + messages > BURST:
            return True
        self.debt += messages
        return False


class RtpMidi:
    """Listens on a UDP port and the next in a thread of its own.

    ``plug(name)`` gives a newcomer's source, ``unplug`` takes it back; both are called in that
    thread. ``name`` is what others see. Raises UserError where it cannot listen.
    """

    def __init__(
        self,
        address: Address,
        plug: Callable[[str], MidiSource],
        unplug: Callable[[MidiSource], None],
        name: str = "ddsp-edge",
    ) -> None:
        self._plug, self._unplug, self._name = plug, unplug, name
        self._ssrc = secrets.randbits(32)
        self._control, self._data = _two_ports(address)
        #: What it really listens on: the control port; the MIDI comes to the next one.
        self.address: Address = self._control.getsockname()[:2]
        self._sessions: dict[int, _Session] = {}
        self._wake, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for each in (self._wake, self._control, self._data):
            self._selector.register(each, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="ddsp-midi-rtp", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every session, and say so; their notes are released before this returns."""
        self._waker.send(b"x")
        self._thread.join()
        for session in list(self._sessions.values()):
            end = packets.Exchange(packets.END, session.token, self._ssrc)
            self._send(self._control, end.packed(), session.control)
            self._drop(session)
        self._selector.close()
        for each in (self._control, self._data, self._wake, self._waker):
            each.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(FEEDBACK_S):
                if key.fileobj is self._wake:
                    return
                self._read(key.fileobj)  # type: ignore[arg-type]
            self._look_after()

    def _read(self, port: socket.socket) -> None:
        try:
            data, (host, number, *_) = port.recvfrom(MAX_PACKET)
        except OSError:  # an answer of ours came to nobody
            return
        sender = (str(host), int(number))
        try:
            if not data.startswith(packets.SIGNATURE):
                if port is self._data:
                    self._midi(packets.read_midi(data), sender)
                return
            command = packets.read_command(data)
        except packets.Malformed:
            return
        if isinstance(command, packets.Clock):
            if port is self._data:
                self._compare(command, sender)
        elif command is not None and command.command == packets.INVITATION:
            self._invited(command, port, sender)
        elif command is not None and command.command == packets.END:
            session = self._sessions.get(command.ssrc)
            if session is not None and session.control[0] == sender[0]:
                self._drop(session)

    def _send(self, port: socket.socket, data: bytes, to: Address) -> None:
        try:
            port.sendto(data, to)
        except OSError:  # the network is down, or a full buffer: the other side asks again
            return

    def _invited(self, command: packets.Exchange, port: socket.socket, sender: Address) -> None:
        now = time.monotonic()
        session = self._sessions.get(command.ssrc)
        same = session is not None and (session.control[0], session.token) == (
            sender[0],
            command.token,
        )
        welcome = False
        if port is self._control:
            if session is not None and not same and session.control[0] == sender[0]:
                self._drop(session)  # it was started again without having said that it ends
                session = None
            # Asked again, since our answer was lost; or a newcomer.
            welcome = same or (session is None and len(self._sessions) < MAX_SESSIONS)
            if welcome and session is None:
                name = command.name.strip() or sender[0]
                self._sessions[command.ssrc] = _Session(
                    command.ssrc, command.token, name, sender, now, counted_s=now
                )
        elif session is not None and same and session.data in (None, sender):
            welcome = True
            session.data, session.heard_s = sender, now
            if session.source is None:
                session.source = self._plug(f"network {session.name}")
        answer = packets.ACCEPTED if welcome else packets.REFUSED
        exchange = packets.Exchange(answer, command.token, self._ssrc, self._name)
        self._send(port, exchange.packed(), sender)

    def _compare(self, clock: packets.Clock, sender: Address) -> None:
        """Answer the first of the three packets that compare two clocks; all are signs of life."""
        session = self._sessions.get(clock.ssrc)
        if session is None or session.data != sender:
            return
        session.heard_s = time.monotonic()
        if clock.count == 0:
            now = int(time.monotonic() / TICK_S)
            answer = packets.Clock(self._ssrc, 1, (clock.times[0], now, 0))
            self._send(self._data, answer.packed(), sender)

    def _midi(self, packet: packets.MidiPacket, sender: Address) -> None:
        session = self._sessions.get(packet.ssrc)
        if session is None or session.source is None or session.data != sender:
            return
        now = time.monotonic()
        session.heard_s = now
        session.source.sign_of_life()
        if session.too_much(len(packet.commands), now):
            return  # as if it had been lost
        commands = list(packet.commands)
        if session.last is not None:
            ahead = (packet.sequence - session.last) & 0xFFFF
            if ahead == 0 or ahead >= 0x8000:  # twice, or overtaken: what it told is known
                return
            if ahead > 1:
                commands = self._repaired(session.source, packet) + commands
                session.told_s = 0.0
        session.last = packet.sequence
        for command in commands:
            if command[0] in SPEC_BY_STATUS:
                session.source.receive(mido.Message.from_bytes(command))

    def _repaired(self, source: MidiSource, packet: packets.MidiPacket) -> list[bytes]:
        """What the lost packets would have changed; without a journal all notes end."""
        try:
            if packet.journal is not None:
                return repair(packet.journal, source.notes())
        except packets.Malformed:
            pass
        source.release()
        return []

    def _look_after(self) -> None:
        """Tell the others what has come; end the sessions that say nothing any more."""
        now = time.monotonic()
        for session in list(self._sessions.values()):
            limit = JOIN_S if session.source is None else SILENT_S
            if now - session.heard_s > limit:
                self._drop(session)
                continue
            new = session.last is not None and session.last != session.told
            if new and now - session.told_s >= FEEDBACK_S:
                data = packets.feedback(self._ssrc, session.last or 0)
                self._send(self._control, data, session.control)
                session.told, session.told_s = session.last, now

    def _drop(self, session: _Session) -> None:
        del self._sessions[session.ssrc]
        if session.source is not None:
            self._unplug(session.source)


def _two_ports(address: Address) -> tuple[socket.socket, socket.socket]:
    """UDP sockets on a port and the next; port 0 takes two that are free. Raises UserError."""
    host, port = address
    for _ in range(20):
        first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            first.bind((host, port))
            second.bind((host, first.getsockname()[1] + 1))
            return first, second
        except (OSError, OverflowError) as error:
            first.close()
            second.close()
            if port:
                reason = getattr(error, "strerror", None) or error
                raise UserError(f"RTP-MIDI ports {host}:{port} and {port + 1}: {reason}") from None
    raise UserError("RTP-MIDI: no two free ports side by side; choose one, for instance 5004")
