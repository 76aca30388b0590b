"""Boxes in the local network, found by mDNS with the program avahi-browse (avahi-utils)."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

PROGRAM = "avahi-browse"
#: What the panel of a box announces.
SERVICE = "_ddsp-edge._tcp"
BROWSE_S = 6.0
MOST_BOXES = 64


@dataclass(frozen=True, order=True)
class FoundBox:
    """A box that says in the network that it is there; the names come from the network."""

    host: str  #: as ssh takes it, for instance pedal.local
    name: str


def find_boxes() -> list[FoundBox]:
    """The boxes that announce themselves now; none where avahi-browse or its daemon is missing.

    Blocks for up to six seconds.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "--parsable", "--resolve", "--terminate", SERVICE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=BROWSE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse_browsed(done.stdout.decode("utf-8", "replace"))


def parse_browsed(text: str) -> list[FoundBox]:
    """The boxes in what ``avahi-browse --parsable --resolve`` prints; what is odd is passed over.

    A line is ``=;interface;protocol;name;type;domain;host;address;port;text``.
    """
    found = set()
    for line in text.splitlines():
        parts = line.split(";")
        if len(parts) < 9 or parts[0] != "=":
            continue
        name = re.sub(r"\\(\d{3})", lambda m: chr(min(255, int(m[1]))), parts[3])
        host = parts[6].rstrip(".")
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", host):
            printable = "".join(c for c in name if c.isprintable())[:60]
            found.add(FoundBox(host, printable or host))
    return sorted(found)[:MOST_BOXES]
