"""Engraves tune.mid: Dvořák, Symphony No. 9 (1893), Largo, the cor anglais melody, for cello.

Only what a score says: keys, strokes (velocities) and slurs (notes that overlap). How it is played
is left to the performer (docs/expression.md). ``python -m ddsp_edge.demo.tune`` writes the file
again.
"""

from __future__ import annotations

from dataclasses import dataclass

import mido

from ddsp_edge.demo import TUNE

BEATS_A_MINUTE = 72
TICKS = 480  #: a beat
TONIC = 49  #: D flat 3


@dataclass(frozen=True)
class MelodyNote:
    """One note of the melody with its articulation."""

    degree: int  #: semitones above the tonic
    beats: float
    velocity: int
    slurred: bool = False  #: into the next note


#: "Go-in' home, go-in' home, I'm a-go-in' home": the two phrases of the opening.
MELODY = (
    MelodyNote(4, 1.5, 90, slurred=True),
    MelodyNote(7, 0.5, 86),
    MelodyNote(7, 2.0, 98),
    MelodyNote(4, 1.5, 94, slurred=True),
    MelodyNote(2, 0.5, 86, slurred=True),
    MelodyNote(0, 2.0, 90),
    MelodyNote(2, 1.0, 94),
    MelodyNote(4, 1.0, 100),
    MelodyNote(7, 1.5, 112),
    MelodyNote(4, 0.5, 102, slurred=True),
    MelodyNote(2, 4.0, 104),
    MelodyNote(4, 1.5, 98, slurred=True),
    MelodyNote(7, 0.5, 94),
    MelodyNote(7, 2.0, 112),
    MelodyNote(4, 1.5, 100, slurred=True),
    MelodyNote(2, 0.5, 90, slurred=True),
    MelodyNote(0, 2.0, 92),
    MelodyNote(2, 1.0, 94),
    MelodyNote(4, 1.0, 96, slurred=True),
    MelodyNote(2, 1.5, 90),
    MelodyNote(0, 0.5, 80),
    MelodyNote(0, 4.0, 86),
)


#: Of no known tune: up, a leap, a long note, and home; played by each instrument.
PHRASE = (
    MelodyNote(0, 1.0, 88, slurred=True),
    MelodyNote(2, 0.5, 88, slurred=True),
    MelodyNote(4, 0.5, 92),
    MelodyNote(9, 2.5, 112),
    MelodyNote(7, 0.5, 96, slurred=True),
    MelodyNote(5, 0.5, 92, slurred=True),
    MelodyNote(2, 0.5, 86),
    MelodyNote(7, 1.0, 78),
    MelodyNote(0, 3.0, 84),
)
WIDEST = 9  #: semitones from its lowest to its highest note


def phrase_for(low_note: float, high_note: float) -> mido.MidiFile:
    """PHRASE in the middle of a range of MIDI notes."""
    tonic = round(0.5 * (low_note + high_note) - 0.5 * WIDEST)
    return engrave(PHRASE, max(0, min(tonic, 127 - WIDEST)), "Phrase", 0)


def engrave(
    melody: tuple[MelodyNote, ...] = MELODY,
    tonic: int = TONIC,
    title: str = "Largo (A. Dvorak, 1893)",
    program: int = 42,
) -> mido.MidiFile:
    """A melody above its tonic (MIDI note), always the same; program 42 is the cello."""
    events: list[tuple[int, int, mido.Message]] = []
    at = 0
    for note in melody:
        length = round(note.beats * TICKS)
        key = tonic + note.degree
        # A slurred note reaches a little into the next; others leave the bow time to change.
        sounds = length + 12 if note.slurred else round(length * 0.94)
        events.append((at, 0, mido.Message("note_on", note=key, velocity=note.velocity)))
        events.append((at + sounds, 1, mido.Message("note_off", note=key, velocity=0)))
        at += length
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=title))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_A_MINUTE)))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    track.append(mido.Message("program_change", program=program))
    before = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - before))
        before = tick
    file = mido.MidiFile(ticks_per_beat=TICKS, type=0)
    file.tracks.append(track)
    return file


if __name__ == "__main__":
    engrave().save(TUNE)
    print(TUNE)
