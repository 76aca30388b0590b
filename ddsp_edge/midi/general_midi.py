"""General MIDI's programs, and the instruments that are nearest to each: one table."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Values of bank select (CC 0) that make a channel a drum kit (General MIDI 2, XG's effects and
#: drums).
DRUM_BANKS = (120, 126, 127)

_STRINGS = ("violin", "cello", "double-bass")
_BRASS = ("trumpet", "trombone")
_REEDS = ("alto-sax", "flute", "trombone")
_PIPES = ("flute", "alto-sax", "double-bass")
_BOWED_LOW = ("double-bass", "cello")


class GeneralProgram(NamedTuple):
    """A program, and shipped models from the nearest on; none: it has no pitch to be played."""

    name: str
    models: tuple[str, ...]


_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # Struck and plucked strings: bowed ones of their range.
    (
        "Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano",
        _STRINGS,
    ),
    ("Electric Piano 1, Electric Piano 2, Harpsichord, Clavi", _STRINGS),
    ("Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone", _PIPES),
    ("Tubular Bells, Dulcimer", _PIPES),
    ("Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ", _PIPES),
    ("Accordion, Harmonica, Tango Accordion", _REEDS),
    ("Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz)", _STRINGS),
    ("Electric Guitar (clean), Electric Guitar (muted)", _STRINGS),
    ("Overdriven Guitar, Distortion Guitar", ("alto-sax", "trombone", "double-bass")),
    ("Guitar Harmonics", ("flute",)),
    ("Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass", _BOWED_LOW),
    ("Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2", _BOWED_LOW),
    ("Violin", ("violin",)),
    ("Viola", ("violin", "cello")),
    ("Cello", ("cello",)),
    ("Contrabass", ("double-bass",)),
    ("Tremolo Strings, Pizzicato Strings, Orchestral Harp", _STRINGS),
    ("Timpani", ("double-bass",)),
    ("String Ensemble 1, String Ensemble 2, SynthStrings 1, SynthStrings 2", _STRINGS),
    ("Choir Aahs, Voice Oohs, Synth Voice", ("flute", "alto-sax", "cello", "double-bass")),
    ("Orchestra Hit", _BRASS),
    ("Trumpet", ("trumpet",)),
    ("Trombone", ("trombone",)),
    ("Tuba", ("trombone", "double-bass")),
    ("Muted Trumpet", ("trumpet",)),
    ("French Horn", ("french-horn",)),
    ("Brass Section, SynthBrass 1, SynthBrass 2", _BRASS),
    ("Soprano Sax, Alto Sax, Tenor Sax", ("alto-sax",)),
    ("Baritone Sax", ("alto-sax", "trombone")),
    ("Oboe", ("oboe",)),
    ("English Horn", ("cor-anglais",)),
    ("Bassoon", ("bassoon",)),
    ("Clarinet", ("clarinet",)),
    ("Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina", ("flute",)),
    ("Lead 1 (square), Lead 2 (sawtooth)", ("violin", "cello", "double-bass")),
    ("Lead 3 (calliope)", _PIPES),
    ("Lead 4 (chiff)", _PIPES),
    ("Lead 5 (charang)", ("alto-sax", "trombone")),
    ("Lead 6 (voice)", ("flute", "alto-sax", "cello")),
    ("Lead 7 (fifths)", _STRINGS),
    ("Lead 8 (bass + lead)", _BOWED_LOW),
    ("Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir)", _STRINGS),
    ("Pad 5 (bowed), Pad 6 (metallic), Pad 7 (halo), Pad 8 (sweep)", _STRINGS),
    ("FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere)", _PIPES),
    ("FX 5 (brightness), FX 6 (goblins), FX 7 (echoes), FX 8 (sci-fi)", _PIPES),
    ("Sitar, Banjo, Shamisen, Koto", _STRINGS),
    ("Kalimba", _PIPES),
    ("Bag pipe", ("alto-sax",)),
    ("Fiddle", ("violin", "cello")),
    ("Shanai", ("alto-sax",)),
    ("Tinkle Bell", ("flute",)),
    ("Agogo", ()),
    ("Steel Drums", _PIPES),
    ("Woodblock, Taiko Drum, Melodic Tom, Synth Drum, Reverse Cymbal", ()),
    ("Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring", ()),
    ("Helicopter, Applause, Gunshot", ()),
)

#: General MIDI's 128 programs, in their order from 0.
PROGRAMS: tuple[GeneralProgram, ...] = tuple(
    GeneralProgram(name, models) for names, models in _FAMILIES for name in names.split(", ")
)


def library_name(program: int) -> str:
    """The name that a model of just this program has in the library: ``bassoon``."""
    return re.sub(r"[^a-z0-9]+", "-", PROGRAMS[program].name.lower()).strip("-")
