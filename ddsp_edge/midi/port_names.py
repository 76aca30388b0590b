"""The names of MIDI ports: their stable part, and which of them may be keyboards."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

#: Not keyboards: what comes out there has gone in somewhere else.
IGNORED = ("Midi Through*", "*:Midi Through*", "System:*", "PipeWire*", "Midi-Bridge:Midi Through*")

_ADDRESS = re.compile(r" (\d+):(\d+)$")  # at the end of rtmidi's names of ALSA ports


def plain_name(port: str) -> str:
    """rtmidi's name without what changes when the plug is pulled and put back.

    ``Keystation 49:Keystation 49 MIDI 1 24:0`` is ``Keystation 49 MIDI 1``.
    """
    name = _ADDRESS.sub("", port)
    client, colon, rest = name.partition(":")
    return rest if colon and rest.startswith(client) else name


def is_keyboard(port: str, own: str, ignored: Sequence[str] = ()) -> bool:
    """Whether a port is to be listened to: no through port, none of ours
    (``own``), none of ``ignored``."""
    client = port.partition(":")[0]
    if client == own or client.startswith(f"{own}-"):
        return False
    names = (_ADDRESS.sub("", port), plain_name(port))
    patterns = (*IGNORED, *ignored)
    return not any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)


def address(port: str) -> tuple[int, int] | None:
    """ALSA's client and port, which rtmidi puts at the end of a name."""
    match = _ADDRESS.search(port)
    return (int(match[1]), int(match[2])) if match else None
