"""Which key one voice plays; which voice of many plays a key."""

from __future__ import annotations

from collections.abc import Sequence

from ddsp_edge.synth.keys import Key
from ddsp_edge.synth.voice import NoteVoice


def pick(held: Sequence[Key], priority: str) -> Key:
    """The key that one voice plays, of at least one, in the order of their note-ons."""
    if priority == "high":
        return max(reversed(held), key=lambda key: key.note)
    if priority == "low":
        return min(reversed(held), key=lambda key: key.note)
    return held[-1]


def spare_voice(voices: Sequence[NoteVoice], key: Key, time_s: float) -> NoteVoice:
    """The voice of many that misses least when it plays ``key`` from ``time_s`` on.

    The one that plays that key already (it is struck again); else a silent one, the longest
    unused; else the one of least worth (:meth:`NoteVoice.worth`).
    """

    def cost(voice: NoteVoice) -> tuple[int, int, float, float]:
        mine = voice.key
        if voice.sounds and mine is not None and mine.is_of(key.port, key.channel, key.note):
            return 0, 0, 0.0, 0.0
        if not voice.sounds:
            return 1, 0, 0.0, voice.struck_s
        return 2, *voice.worth(time_s)

    return min(voices, key=cost)
