"""MIDI over TCP: the bytes of MIDI as they are, so that ``mido.sockets.connect`` is a client.

There is no password: whoever reaches the port plays. It listens only when told to, and beyond this
machine only when given an address of it.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mido.sockets import parse_address

from ddsp_edge.errors import UserError
from ddsp_edge.midi.parser import MidiBytes
from ddsp_edge.midi.source import MidiSource

LOOPBACK = "127.0.0.1"
MAX_PEERS = 8
CHUNK = 256  #: bytes read at once
#: A peer may send this many messages at once and a second, some four times what a MIDI cable
#: carries; beyond it is not read for a while, and TCP makes it wait.
BURST, RATE = 1000, 4000
#: A peer that has died without a word is noticed after some 25 s.
KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


def address_of(text: str | int) -> tuple[str, int]:
    """Parse ``9080`` (this machine only) or ``host:9080`` into (host, port). Raises UserError."""
    words = str(text)
    try:
        return parse_address(words if ":" in words else f"{LOOPBACK}:{words}")
    except ValueError:
        raise UserError(
            f"network MIDI port {words!r}: write a port from 1 to 65535, or address:port"
        ) from None


@dataclass(slots=True)
class _Peer:
    connection: socket.socket
    source: MidiSource
    parser: MidiBytes = field(default_factory=MidiBytes)
    debt: float = 0.0  # messages beyond what its rate allows
    counted_s: float = field(default_factory=time.monotonic)

    def pause_s(self, messages: int) -> float:
        """Count ``messages`` more; return for how many seconds the client must not be read."""
        now = time.monotonic()
        self.debt = max(0.0, self.debt - (now - self.counted_s) * RATE) + messages
        self.counted_s = now
        return max(0.0, (self.debt - BURST) / RATE)


class MidiNetwork:
    """Listens in a thread of its own. ``plug(name)`` gives a newcomer's source, ``unplug`` takes
    it back; both are called in that thread. Raises UserError where it cannot listen."""

    def __init__(
        self,
        address: tuple[str, int],
        plug: Callable[[str], MidiSource],
        unplug: Callable[[MidiSource], None],
    ) -> None:
        self._plug, self._unplug = plug, unplug
        try:
            self._listener = socket.create_server(address, backlog=MAX_PEERS)
        except OSError as error:
            where = f"{address[0]}:{address[1]}"
            raise UserError(f"network MIDI port {where}: {error.strerror or error}") from None
        self._listener.setblocking(False)
        #: What it really listens on.
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._wake, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers: dict[socket.socket, _Peer] = {}
        self._paused: dict[socket.socket, float] = {}  # until when
        self._thread = threading.Thread(target=self._run, name="ddsp-midi-network", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection; their notes are released before this returns."""
        self._waker.send(b"x")
        self._thread.join()
        for peer in list(self._peers.values()):
            self._drop(peer)
        self._selector.close()
        for each in (self._listener, self._wake, self._waker):
            each.close()

    def _run(self) -> None:
        while True:
            wait_s = None
            if self._paused:
                wait_s = max(0.0, min(self._paused.values()) - time.monotonic())
            for key, _ in self._selector.select(wait_s):
                if key.fileobj is self._wake:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif (peer := self._peers.get(key.fileobj)) is not None:  # type: ignore[call-overload]
                    self._read(peer)
            now = time.monotonic()
            for connection in [c for c, until in self._paused.items() if until <= now]:
                del self._paused[connection]
                self._selector.register(connection, selectors.EVENT_READ)

    def _accept(self) -> None:
        try:
            connection, (host, port) = self._listener.accept()
        except OSError:  # it left before it came in, or there are no more file descriptors
            time.sleep(0.01)
            return
        if len(self._peers) >= MAX_PEERS:
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        self._peers[connection] = _Peer(connection, self._plug(f"network {host}:{port}"))
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, peer: _Peer) -> None:
        try:
            data = peer.connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return
        peer.source.sign_of_life()  # also a part of a message, or of system exclusive
        messages = peer.parser.feed(data)
        for message in messages:
            peer.source.receive(message)
        if (pause_s := peer.pause_s(len(messages))) > 0.0:
            self._selector.unregister(peer.connection)
            self._paused[peer.connection] = time.monotonic() + pause_s

    def _drop(self, peer: _Peer) -> None:
        del self._peers[peer.connection]
        if self._paused.pop(peer.connection, None) is None:
            self._selector.unregister(peer.connection)
        peer.connection.close()
        self._unplug(peer.source)
