"""Instruments that are no networks: a sampled one (FluidSynth) and a physical model (STK)."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from ddsp_edge.midi.file import read_midi
from ddsp_edge.midi.general_midi import PROGRAMS, library_name
from ddsp_edge.synth.midi_map import PERCUSSION_CHANNEL
from ddsp_edge.synth.source import FileNote, Performance
from ddsp_edge.system import fluidsynth, stk

TICKS, TEMPO = 1000, 1_000_000  #: a beat is a second, a tick a millisecond
STEP_S = 0.01  #: how often a bend or a swell moves the physical model
#: General MIDI names what the library calls otherwise.
_OTHER_NAMES = {
    "double-bass": "contrabass",
    "saxophone": "alto-sax",
    "horn": "french-horn",
    "cor-anglais": "english-horn",
}
#: Model's name to STK's model; others are bowed.
_PHYSICAL = (
    ("Flute", ("flute", "piccolo", "recorder")),
    ("Clarinet", ("clarinet", "oboe", "bassoon", "cor-anglais", "english-horn")),
    ("Saxofony", ("sax",)),
    ("Brass", ("trumpet", "trombone", "horn", "tuba", "cornet")),
)


@dataclass(frozen=True)
class Peers:
    """What an instrument of ours is called by the others."""

    sampled: str  #: General MIDI's name
    program: int  #: General MIDI's, from 0
    physical: str  #: STK's


def of_model(name: str) -> Peers:
    """Return the peers of a model by its name; what nobody knows is a violin."""
    name = name.lower().replace("_", "-").replace(" ", "-")
    wanted = _OTHER_NAMES.get(name, name)
    program = next((p for p in range(128) if library_name(p) == wanted), None)
    if program is None:  # a name of somebody's own, such as "my-cello"
        program = next(
            (p for p in range(128) if library_name(p) in name.split("-")),
            next(p for p in range(128) if library_name(p) == "violin"),
        )
    known = library_name(program)
    physical = next(
        (model for model, names in _PHYSICAL if any(each in known for each in names)), "Bowed"
    )
    return Peers(PROGRAMS[program].name, program, physical)


def sampled(source: Path, instrument: Peers, rate: int) -> np.ndarray:
    """Play every channel but the drums' on General MIDI's instrument. Raises UserError."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=TEMPO)])
    for channel in range(16):
        track.append(mido.Message("program_change", channel=channel, program=instrument.program))
    before = 0
    for time_s, message in read_midi(source).messages:
        if message.channel == PERCUSSION_CHANNEL or message.type == "program_change":
            continue
        at = round(time_s * TICKS)
        track.append(message.copy(time=max(0, at - before)))
        before = max(before, at)
    return fluidsynth.play(mido.MidiFile(ticks_per_beat=TICKS, type=0, tracks=[track]), rate)


def physical(
    source: Path, performance: Performance, instrument: Peers, rate: int, duration_s: float
) -> np.ndarray:
    """Play one line on STK's model: the newest note of several. Raises UserError.

    Velocity and expression (CC 11) are its pressure, bends its pitch. A note that begins while
    the last one is held moves the pitch, as a slur does.
    """
    events = stk_events(performance, swells(source))
    return stk.play(events, instrument.physical, rate, duration_s)


def stk_events(performance: Performance, swells: list[tuple[float, float]]) -> list[stk.Event]:
    """Return the score of a performance; ``swells`` are (time_s, 0..1) of its expression."""
    notes = sorted(performance.notes, key=lambda note: note.start_s)
    events: list[stk.Event] = []
    held_until = -1.0
    for i, note in enumerate(notes):
        following = notes[i + 1].start_s if i + 1 < len(notes) else float("inf")
        end_s, slurred = min(note.end_s, following), held_until > note.start_s
        key, force = _pitch(performance, note, note.start_s), _force(note, swells, note.start_s)
        if slurred:
            events.append((note.start_s, "PitchChange", (key,)))
            events.append((note.start_s, "AfterTouch", (force,)))
        else:
            events.append((note.start_s, "NoteOn", (key, force)))
        for step in range(1, int((end_s - note.start_s) / STEP_S)):
            at = note.start_s + step * STEP_S
            pitch, pressure = _pitch(performance, note, at), _force(note, swells, at)
            if abs(pitch - key) > 1e-3:
                events.append((at, "PitchChange", (pitch,)))
                key = pitch
            if abs(pressure - force) > 0.3:
                events.append((at, "AfterTouch", (pressure,)))
                force = pressure
        if note.end_s <= following:
            events.append((note.end_s, "NoteOff", (key, 64.0)))
        held_until = note.end_s
    return events


def _pitch(performance: Performance, note: FileNote, time_s: float) -> float:
    return float(69.0 + 12.0 * np.log2(performance.pitch_hz(note, time_s) / 440.0))


def _force(note: FileNote, swells: list[tuple[float, float]], time_s: float) -> float:
    after = bisect.bisect_right(swells, time_s, key=lambda swell: swell[0])
    return note.velocity * (swells[after - 1][1] if after else 1.0)


def swells(source: Path) -> list[tuple[float, float]]:
    """Return the expression (CC 11) of a MIDI file: (time_s, 0..1), in order. Raises UserError."""
    return [
        (time_s, message.value / 127.0)
        for time_s, message in read_midi(source).messages
        if message.type == "control_change" and message.control == 11
    ]
