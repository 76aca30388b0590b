"""Makes piano.flac: Brahms, Wiegenlied op. 49 no. 4 (1868), its melody on FluidR3's grand piano.

``python -m ddsp_edge.demo.piano`` writes the file again; it needs FluidSynth and the sound font
(apt: fluidsynth fluid-soundfont-gm). One key at a time, the pedal never down: a line, no chords.
"""

from __future__ import annotations

import mido
import numpy as np
import soundfile

from ddsp_edge.demo import PIANO
from ddsp_edge.system import fluidsynth

RATE = 44_100
BEATS_A_MINUTE = 92
TICKS = 480
TONIC = 55  #: G3
PEAK = 0.6
#: (semitones above the tonic, beats, velocity)
MELODY = (
    (4, 0.5, 58), (4, 0.5, 62),
    (7, 1.5, 78), (4, 0.5, 62), (4, 1.0, 64),
    (7, 2.0, 80), (4, 0.5, 62), (7, 0.5, 72),
    (12, 1.0, 90), (11, 1.5, 84), (9, 0.5, 74),
    (9, 1.0, 74), (7, 1.0, 70), (2, 0.5, 56), (4, 0.5, 60),
    (5, 1.5, 74), (2, 0.5, 58), (2, 0.5, 58), (4, 0.5, 62),
    (5, 2.0, 76), (2, 0.5, 60), (5, 0.5, 70),
    (11, 0.5, 84), (9, 0.5, 78), (7, 1.0, 74), (11, 1.0, 82),
    (12, 2.5, 86),
)  # fmt: skip


def score() -> mido.MidiFile:
    """Return the melody as a MIDI file; it is always the same."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_A_MINUTE))])
    for degree, beats, velocity in MELODY:
        length = round(beats * TICKS)
        # Up before the next key goes down, so that one string sounds at a time.
        held = length - 24
        track.append(mido.Message("note_on", note=TONIC + degree, velocity=velocity))
        track.append(mido.Message("note_off", note=TONIC + degree, time=held))
        track.append(mido.Message("control_change", control=64, value=0, time=length - held))
    file = mido.MidiFile(ticks_per_beat=TICKS, type=0)
    file.tracks.append(track)
    return file


def play() -> np.ndarray:
    """Render the melody with FluidSynth: (samples,) mono at RATE, without reverb."""
    mono = fluidsynth.play(score(), RATE)
    heard = np.flatnonzero(np.abs(mono) > 1e-4)
    mono = mono[: heard[-1] + RATE // 10]
    return mono * (PEAK / np.abs(mono).max())


if __name__ == "__main__":
    soundfile.write(PIANO, play(), RATE, subtype="PCM_16")
    print(PIANO)
