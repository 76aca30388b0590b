"""An expressive solo for one wind instrument, made up note by note, as MIDI.

For sound fonts: what it covers matters more than what it sings. Every pitch of the range is
held with a swell from and to silence; the rest are phrases, legato to staccato, soft to loud,
with vibrato, scoops and falls through the bend, and swells through the expression controller.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mido
import numpy as np

STEP_S = 0.01  #: between two values of a moving controller
BEND_CENTS = 200.0  #: what the wheel's full way is in General MIDI
EXPRESSION, WHEEL = 11, 1
TICKS_A_SECOND = 960  #: a beat of half a second, 480 ticks
MOVES = np.array([-7, -5, -4, -3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3, 4, 5, 7, 12, -12])


@dataclass
class MidiSolo:
    """MIDI messages with their times, and the time at which the last note has died away."""

    events: list[tuple[float, mido.Message]] = field(default_factory=list)
    ends_s: float = 0.0

    def add(self, time_s: float, kind: str, **values: int) -> None:
        self.events.append((time_s, mido.Message(kind, **values)))

    def curve(self, start_s: float, values: np.ndarray, control: int) -> None:
        """Add messages that move a controller (0..127) every STEP_S."""
        for i, value in enumerate(np.clip(np.round(values), 0, 127).astype(int).tolist()):
            self.add(start_s + i * STEP_S, "control_change", control=control, value=value)

    def bend(self, start_s: float, cents: np.ndarray) -> None:
        """The pitch bent by ``cents``, every STEP_S, and back to nothing after them."""
        wheel = np.clip(np.round(cents / BEND_CENTS * 8192), -8192, 8191).astype(int)
        for i, value in enumerate([*wheel.tolist(), 0]):
            self.add(start_s + i * STEP_S, "pitchwheel", pitch=value)

    def midi_file(self, program: int) -> mido.MidiFile:
        file = mido.MidiFile(ticks_per_beat=480)
        track = mido.MidiTrack()
        file.tracks.append(track)
        track.append(mido.Message("program_change", program=program))
        now = 0
        for time_s, message in sorted(self.events, key=lambda event: event[0]):
            tick = round(time_s * TICKS_A_SECOND)
            track.append(message.copy(time=tick - now))
            now = tick
        end = round(self.ends_s * TICKS_A_SECOND)
        track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
        return file


def perform(lowest: int, highest: int, seconds: float, seed: int) -> MidiSolo:
    """About ``seconds`` of music between two MIDI notes; the same for the same seed."""
    rng = np.random.default_rng(seed)
    music = MidiSolo(ends_s=0.3)
    for note in rng.permutation(np.arange(lowest, highest + 1)).tolist():
        _long_note(music, note, rng)
    while music.ends_s < seconds:
        _phrase(music, lowest, highest, rng)
    return music


def _long_note(music: MidiSolo, note: int, rng: np.random.Generator) -> None:
    """Add one long note that swells from silence and back; half of them have vibrato."""
    start, length = music.ends_s, rng.uniform(1.8, 3.2)
    steps = int(length / STEP_S)
    top = rng.uniform(0.3, 0.7)
    swell = np.interp(np.linspace(0, 1, steps), [0, top, 1], [8, rng.uniform(80, 127), 8])
    music.curve(start - 0.02, swell, EXPRESSION)
    if rng.random() < 0.5:
        music.bend(start, _vibrato(steps, rng))
    velocity = int(rng.integers(40, 121))
    music.add(start, "note_on", note=note, velocity=velocity)
    music.add(start + length, "note_off", note=note)
    music.ends_s = start + length + rng.uniform(0.25, 0.5)


def _phrase(music: MidiSolo, lowest: int, highest: int, rng: np.random.Generator) -> None:
    """Four to fourteen notes of one articulation, level and shape."""
    count = int(rng.integers(4, 15))
    share = rng.choice([1.0, 1.0, rng.uniform(0.6, 0.9), rng.uniform(0.3, 0.5)])  # of legato time
    pace = rng.uniform(0.14, 0.7)
    velocity = rng.uniform(35, 120)
    scoops, trembles = rng.uniform(0, 0.6), rng.uniform(0, 0.9)
    note = int(rng.integers(lowest, highest + 1))
    start = at = music.ends_s
    for _ in range(count):
        length = pace * float(rng.choice([0.5, 1, 1, 1, 1.5, 2, 3]))
        played = max(0.07, share * length)
        level = int(np.clip(velocity + rng.normal(0, 8), 15, 127))
        cents = np.zeros(int(played / STEP_S))
        if rng.random() < scoops:
            size = min(len(cents), int(rng.uniform(0.05, 0.16) / STEP_S))
            cents[:size] += rng.uniform(-200, 60) * np.cos(np.linspace(0, np.pi / 2, size)) ** 2
        if played > 0.45 and rng.random() < trembles:
            cents += _vibrato(len(cents), rng)
        if share < 1 and rng.random() < 0.15:  # a fall at the end
            size = min(len(cents), int(0.12 / STEP_S))
            cents[-size:] += np.linspace(0, -rng.uniform(30, 200), size)
        if np.any(cents):
            music.bend(at, cents)
        music.add(at, "note_on", note=note, velocity=level)
        music.add(at + played, "note_off", note=note)
        at += length
        note = int(note + rng.choice(MOVES))
        if not lowest <= note <= highest:  # back towards the middle, by as many octaves as needed
            note = lowest + (note - lowest) % 12 + (12 if note > highest else 0)
            note = min(max(note, lowest), highest)
    steps = int((at - start) / STEP_S)
    turns = np.sort(rng.uniform(0, 1, 3))
    levels = rng.uniform(45, 127, 5)
    if rng.random() < 0.3:
        levels[0] = 0.0  # out of silence
    if rng.random() < 0.3:
        levels[-1] = 0.0
    shape = np.interp(np.linspace(0, 1, steps), [0, *turns, 1], levels)
    music.curve(start - 0.02, shape, EXPRESSION)
    music.ends_s = at + rng.uniform(0.2, 0.6)


def _vibrato(steps: int, rng: np.random.Generator) -> np.ndarray:
    """Return cents every STEP_S: a vibrato that begins late, widens and drifts in rate."""
    time_s = np.arange(steps) * STEP_S
    rate = rng.uniform(4.3, 6.5) * (1 + 0.05 * np.sin(2 * np.pi * rng.uniform(0.2, 0.6) * time_s))
    begins, rises = rng.uniform(0.0, 0.35), rng.uniform(0.2, 0.7)
    depth = rng.uniform(6, 38) * np.clip((time_s - begins) / rises, 0, 1)
    return depth * np.sin(2 * np.pi * np.cumsum(rate) * STEP_S)
