"""Standard MIDI files of messages with their times."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import mido

#: Of a file of 120 beats a minute: about half a millisecond a tick.
TICKS_A_BEAT, BEATS_A_SECOND = 960, 2


def midi_file(messages: Iterable[tuple[float, Sequence[int]]]) -> bytes:
    """Return a MIDI file of format 0; ``messages``: seconds since its start and the bytes of one
    message each, in their order."""
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_A_BEAT)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000 // BEATS_A_SECOND))
    at = 0
    for time_s, message in messages:
        tick = max(at, round(time_s * BEATS_A_SECOND * TICKS_A_BEAT))
        track.append(mido.Message.from_bytes(list(message), time=tick - at))
        at = tick
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()
