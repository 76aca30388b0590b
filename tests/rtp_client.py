"""A client of RTP-MIDI for tests: what a Mac does, byte by byte, on loopback."""

from __future__ import annotations

import socket
import struct

from ddsp_edge.midi import rtp_packets as packets

SSRC, TOKEN = 0x12345678, 0x0BADCAFE
WAIT_S = 20.0


def midi_packet(
    sequence: int,
    messages: list[bytes],
    journal: bytes | None = None,
    ssrc: int = SSRC,
    body: bytes | None = None,
    flags: int = 0,
) -> bytes:
    """An RTP packet of ``messages``, all at one moment, or of a MIDI list that is given whole."""
    body = b"\0".join(messages) if body is None else body
    flags |= 0x40 if journal is not None else 0
    head = struct.pack(">BBHII", 0x80, packets.PAYLOAD_TYPE, sequence & 0xFFFF, 0, ssrc)
    if len(body) > 0x0F:
        size = bytes([0x80 | flags | len(body) >> 8, len(body) & 0xFF])
    else:
        size = bytes([flags | len(body)])
    return head + size + body + (journal or b"")


def journal_of(
    channel: int,
    started: dict[int, int] | None = None,
    ended: list[int] | None = None,
    chapters: tuple[int, bytes] = (0, b""),
) -> bytes:
    """A recovery journal of one channel: notes begun and ended, and other chapters before them."""
    which, data = chapters
    if started is not None or ended is not None:
        started, ended = started or {}, ended or []
        logs = b"".join(bytes([key, 0x80 | velocity]) for key, velocity in started.items())
        low, high = (min(ended) // 8, max(ended) // 8) if ended else (15, 1)
        bits = bytearray(high - low + 1 if ended else 0)
        for key in ended:
            bits[key // 8 - low] |= 0x80 >> key % 8
        which |= 0x08
        data += bytes([len(started), low << 4 | high]) + logs + bytes(bits)
    head = struct.pack(">HB", channel << 11 | 3 + len(data), which)
    return bytes([0x20, 0, 0]) + head + data


class RtpClient:
    """Two sockets on loopback; ``join`` invites, ``play`` sends messages as the next packet."""

    def __init__(self, address: tuple[str, int], ssrc: int = SSRC, name: str = "A Mac") -> None:
        self.address, self.ssrc, self.name = address, ssrc, name
        self.control, self.data = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.control, self.data):
            each.bind(("127.0.0.1", 0))
            each.settimeout(WAIT_S)
        self.sequence = 0xFFFE  # it wraps around soon

    def __enter__(self) -> RtpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self.data.close()

    def invite(self, port: socket.socket, token: int = TOKEN) -> packets.Exchange:
        """Invite on one of our sockets; return the answer."""
        said = packets.Exchange(packets.INVITATION, token, self.ssrc, self.name)
        self.send(port, said.packed())
        answer = packets.read_command(port.recv(2048))
        assert isinstance(answer, packets.Exchange)
        return answer

    def join(self) -> None:
        """Both invitations, as a Mac makes them."""
        for port in (self.control, self.data):
            assert self.invite(port).command == packets.ACCEPTED

    def send(self, port: socket.socket, data: bytes) -> None:
        """Bytes as they are, to the port that belongs to ours."""
        host, number = self.address
        port.sendto(data, (host, number + (port is self.data)))

    def play(self, *messages: str, journal: bytes | None = None, lost: int = 0) -> None:
        """Messages as hexadecimal bytes, after so many packets that were lost."""
        self.sequence += 1 + lost
        data = [bytes.fromhex(message) for message in messages]
        self.send(self.data, midi_packet(self.sequence, data, journal, self.ssrc))

    def end(self) -> None:
        """Say goodbye."""
        self.send(self.control, packets.Exchange(packets.END, TOKEN, self.ssrc).packed())
