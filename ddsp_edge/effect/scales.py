"""The scales that the scale snap knows (``native/src/player/snap.c`` pulls the pitch to them)."""

from __future__ import annotations

from ddsp_edge.settings import NOTE_NAMES

#: Semitones above the key note. Every scale that the settings name is here.
SCALES: dict[str, tuple[int, ...]] = {
    "chromatic": tuple(range(12)),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "pentatonic": (0, 2, 4, 7, 9),
    "blues": (0, 3, 5, 6, 7, 10),
}


def pitch_classes(key: str, scale: str) -> int:
    """A scale as a set of bits: bit n is set where pitch class n (0 is C) belongs to it."""
    root = NOTE_NAMES.index(key)
    return sum(1 << (root + step) % 12 for step in SCALES[scale])
