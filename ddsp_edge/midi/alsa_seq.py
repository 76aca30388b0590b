"""The ALSA sequencer's clients, ports and subscriptions, and the bytes that a card's MIDI sockets
have received, from the kernel's files.

rtmidi reports neither that a port has come or gone nor that a subscription was lost; asking it
for its list costs some hundred system calls, reading the file one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ASOUND = Path("/proc/asound")
CLIENTS = ASOUND / "seq/clients"
#: The kernel numbers the clients of its cards from here on, four a card; programs follow.
FIRST_CARD_CLIENT, CLIENTS_A_CARD, FIRST_PROGRAM_CLIENT = 16, 4, 128
_RECEIVED = re.compile(r"^\s+Rx bytes\s*:\s*(\d+)", re.MULTILINE)

_CLIENT = re.compile(r'Client\s+(\d+) : "(.*)" \[')
_PORT = re.compile(r'\s+Port\s+(\d+) : "(.*)" \(')
_LINK = re.compile(r"\s+(Connecting To|Connected From): (.*)")
_ADDRESS = re.compile(r"(\d+):(\d+)")

Address = tuple[int, int]  #: client, port


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients, ports and connections of the ALSA sequencer at one moment."""

    names: Mapping[int, str]  #: client to its name
    ports: Mapping[Address, str]  #: port to its name
    links: frozenset[tuple[Address, Address]]  #: (from, to)

    def same_ports(self, other: Clients) -> bool:
        """Return whether clients and ports are the same; connections may differ."""
        return self.names == other.names and self.ports == other.ports

    def listens(self, client: str, source: Address) -> bool:
        """Return whether a client of this name is subscribed to ``source``."""
        return any(a == source and self.names.get(b[0]) == client for a, b in self.links)

    def heard_by(self, client: str) -> frozenset[Address]:
        """Return the ports that are connected to a client of this name."""
        return frozenset(a for a, b in self.links if self.names.get(b[0]) == client)


def parse(text: str) -> Clients:
    """Lines that are not known are passed over: newer kernels add some."""
    names: dict[int, str] = {}
    ports: dict[Address, str] = {}
    links: set[tuple[Address, Address]] = set()
    client, here = -1, (-1, -1)
    for line in text.splitlines():
        if match := _CLIENT.match(line):
            client = int(match[1])
            names[client] = match[2]
        elif match := _PORT.match(line):
            here = (client, int(match[1]))
            ports[here] = match[2]
        elif match := _LINK.match(line):
            for each in _ADDRESS.finditer(match[2]):
                there = (int(each[1]), int(each[2]))
                links.add((here, there) if match[1] == "Connecting To" else (there, here))
    return Clients(names, ports, frozenset(links))


def received_bytes(client: int, asound: Path = ASOUND) -> int | None:
    """How many bytes the MIDI sockets of a client's card have received since they were opened.

    Everything counts, also the middle of a system exclusive message, which rtmidi shows only when
    it is complete. None where ``client`` is no card's or the kernel does not count (VirMIDI).
    """
    if not FIRST_CARD_CLIENT <= client < FIRST_PROGRAM_CLIENT:
        return None
    card = (client - FIRST_CARD_CLIENT) // CLIENTS_A_CARD
    counts: list[int] = []
    for path in (asound / f"card{card}").glob("midi[0-9]*"):
        try:
            text = path.read_text(errors="replace")
        except OSError:  # it is being unplugged
            continue
        if not text.startswith("Virtual Raw MIDI"):
            counts += (int(match[1]) for match in _RECEIVED.finditer(text))
    return sum(counts) if counts else None


def read() -> Clients | None:
    """None where the kernel does not say (no sequencer, or built without the file)."""
    try:
        return parse(CLIENTS.read_text(errors="replace"))
    except OSError:
        return None
