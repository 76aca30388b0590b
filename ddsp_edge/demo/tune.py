"""Engraves tune.mid: Dvořák, Symphony No. 9 (1893), Largo, the cor anglais melody, for cello.

Phrased by hand: a stroke (velocity) for each note, swells (CC 11), a scoop into some notes and
a vibrato that wakes up in the long ones (pitch bend). ``python -m ddsp_edge.demo.tune`` writes
the file again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mido

from ddsp_edge.demo import TUNE

BEATS_A_MINUTE = 72
TICKS = 480  #: a beat
STEP = 10  #: ticks between bend and swell events: 17 ms
TONIC = 49  #: D flat 3
BEND_SEMITONES = 2.0


@dataclass(frozen=True)
class MelodyNote:
    """One note of the melody with its articulation."""

    degree: int  #: semitones above the tonic
    beats: float
    velocity: int
    slurred: bool = False  #: into the next note
    scoop: float = 0.0  #: semitones below at the start
    vibrato: float = 0.0  #: semitones each way, at its widest
    swell: tuple[int, int, int] = (100, 100, 100)  #: CC 11 at the start, middle and end


#: "Go-in' home, go-in' home, I'm a-go-in' home": the two phrases of the opening.
MELODY = (
    MelodyNote(4, 1.5, 90, slurred=True, swell=(84, 92, 96)),
    MelodyNote(7, 0.5, 86, swell=(96, 98, 98)),
    MelodyNote(7, 2.0, 98, scoop=0.3, vibrato=0.22, swell=(98, 112, 80)),
    MelodyNote(4, 1.5, 94, slurred=True, swell=(86, 92, 94)),
    MelodyNote(2, 0.5, 86, slurred=True, swell=(94, 94, 94)),
    MelodyNote(0, 2.0, 90, vibrato=0.2, swell=(94, 104, 74)),
    MelodyNote(2, 1.0, 94, swell=(86, 92, 96)),
    MelodyNote(4, 1.0, 100, slurred=True, swell=(96, 100, 104)),
    MelodyNote(7, 1.5, 116, scoop=0.4, vibrato=0.25, swell=(104, 118, 110)),
    MelodyNote(4, 0.5, 102, slurred=True, swell=(110, 106, 102)),
    MelodyNote(2, 4.0, 104, vibrato=0.24, swell=(102, 110, 52)),
    MelodyNote(4, 1.5, 98, slurred=True, swell=(88, 96, 100)),
    MelodyNote(7, 0.5, 94, swell=(100, 102, 104)),
    MelodyNote(7, 2.0, 112, scoop=0.4, vibrato=0.26, swell=(104, 120, 88)),
    MelodyNote(4, 1.5, 100, slurred=True, swell=(90, 96, 96)),
    MelodyNote(2, 0.5, 90, slurred=True, swell=(96, 94, 92)),
    MelodyNote(0, 2.0, 92, vibrato=0.2, swell=(92, 102, 72)),
    MelodyNote(2, 1.0, 94, swell=(84, 90, 94)),
    MelodyNote(4, 1.0, 96, slurred=True, swell=(94, 96, 94)),
    MelodyNote(2, 1.5, 90, vibrato=0.12, swell=(94, 92, 88)),
    MelodyNote(0, 0.5, 80, swell=(86, 84, 82)),
    MelodyNote(0, 4.0, 86, vibrato=0.2, swell=(84, 96, 30)),
)


#: Of no known tune: up, a leap, a long note with vibrato, and home; played by each instrument.
PHRASE = (
    MelodyNote(0, 1.0, 88, slurred=True, swell=(80, 90, 94)),
    MelodyNote(2, 0.5, 88, slurred=True, swell=(94, 96, 98)),
    MelodyNote(4, 0.5, 92, swell=(98, 100, 100)),
    MelodyNote(9, 2.5, 112, scoop=0.3, vibrato=0.25, swell=(100, 120, 92)),
    MelodyNote(7, 0.5, 96, slurred=True, swell=(92, 94, 94)),
    MelodyNote(5, 0.5, 92, slurred=True, swell=(94, 92, 90)),
    MelodyNote(2, 0.5, 86, swell=(88, 88, 86)),
    MelodyNote(7, 1.0, 78, swell=(80, 84, 80)),
    MelodyNote(0, 3.0, 84, vibrato=0.2, swell=(80, 98, 34)),
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
        events.append((at, 2, mido.Message("note_on", note=key, velocity=note.velocity)))
        events.append((at + sounds, 3, mido.Message("note_off", note=key, velocity=0)))
        for tick in range(0, length, STEP):
            bend = round(_bend(note, tick / TICKS, tick / length) / BEND_SEMITONES * 8191)
            events.append((at + tick, 0, mido.Message("pitchwheel", pitch=bend)))
            value = round(_swell(note, tick / length))
            events.append((at + tick, 1, mido.Message("control_change", control=11, value=value)))
        at += length
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=title))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_A_MINUTE)))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    track.append(mido.Message("program_change", program=program))
    before, wheel, pedal = 0, 0, -1
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        if message.type == "pitchwheel":
            if message.pitch == wheel:
                continue
            wheel = message.pitch
        if message.type == "control_change":
            if message.value == pedal:
                continue
            pedal = message.value
        track.append(message.copy(time=tick - before))
        before = tick
    file = mido.MidiFile(ticks_per_beat=TICKS, type=0)
    file.tracks.append(track)
    return file


def _bend(note: MelodyNote, beat: float, part: float) -> float:
    """Semitones: out of the scoop in a sixth of a beat; vibrato from a third of the note on."""
    scoop = -note.scoop * max(0.0, 1.0 - beat * 6)
    seconds = beat * 60 / BEATS_A_MINUTE
    width = note.vibrato * min(1.0, max(0.0, (part - 0.25) * 3)) * min(1.0, (1 - part) * 8)
    return scoop + width * math.sin(2 * math.pi * 5.2 * seconds)


def _swell(note: MelodyNote, part: float) -> float:
    start, middle, end = note.swell
    if part < 0.5:
        return start + (middle - start) * part * 2
    return middle + (end - middle) * (part - 0.5) * 2


if __name__ == "__main__":
    engrave().save(TUNE)
    print(TUNE)
