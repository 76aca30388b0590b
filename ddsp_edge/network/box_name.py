"""The box's own name, which no other box has: its host name and digits of its serial number."""

from __future__ import annotations

import hashlib
import re
import socket
from pathlib import Path

DIGITS = 4
MOST_BYTES = 32  #: of the name of a Wi-Fi network
SERIAL = Path("/proc/device-tree/serial-number")
MACHINE_ID = Path("/etc/machine-id")


def own_digits(serial: Path = SERIAL, machine_id: Path = MACHINE_ID) -> str:
    """Return DIGITS hexadecimal digits that stay the same for this machine; "" where nothing tells
    it from others.

    They are the end of the board's serial number, or of a digest of the machine id, which itself
    must not be told to a network.
    """
    number = _read(serial).strip("\0 \n").lower()
    hexadecimal = len(number) >= DIGITS and set(number) <= set("0123456789abcdef")
    if hexadecimal and set(number) != {"0"}:
        return number[-DIGITS:]
    own = _read(machine_id).strip()
    if not own:
        return ""
    return hashlib.sha256(f"ddsp-edge {own}".encode()).hexdigest()[:DIGITS]


def network_name(host: str, digits: str) -> str:
    """Return the name of the box's hotspot: the host name, with ``digits`` unless it ends with some
    already, as the card image's own does.

    At most 32 bytes, as Wi-Fi wants it. ``host`` may have a domain, which is left out.
    """
    host = host.split(".")[0] or "ddsp-edge"
    numbered = re.search(rf"-[0-9a-f]{{{DIGITS}}}$", host)
    end = f"-{digits}" if digits and not numbered else ""
    return host.encode()[: MOST_BYTES - len(end)].decode(errors="ignore") + end


def own_network_name() -> str:
    """Return the name of this machine's hotspot."""
    return network_name(socket.gethostname(), own_digits())


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[:256].decode(errors="replace")
    except OSError:
        return ""
