"""Single notes joined into phrases, so that a model learns transitions and silence too.

Each note is moved a little in pitch (sample sets skip semitones), may be glided into, sway or
have vibrato, and swells or fades; notes overlap, touch or leave a breath between them.
"""

from __future__ import annotations

import numpy as np
import soxr

from ddsp_edge.units import db_to_gain

DETUNE_CENTS = 80.0  #: each note is moved by up to this
GESTURE_DB = 3.0  #: slow gain swell of up to this
NOTES_PER_PHRASE = (3, 9)
FADE_S = 0.03
GLIDE_CENTS = 180.0  #: a note is glided into from up to so far below (above: half)
FLOOR_DB = -50.0  #: where a crescendo from silence begins


def trim(note: np.ndarray, rate: int, below_peak_db: float = 55.0) -> np.ndarray:
    """Cut the silence around a note, keeping 10 ms before it starts."""
    block = max(1, rate // 200)
    count = len(note) // block
    if count == 0:
        return note
    level = np.sqrt(np.mean(note[: count * block].reshape(count, block) ** 2, axis=1))
    loud = np.flatnonzero(level > level.max() * db_to_gain(-below_peak_db))
    if len(loud) == 0:
        return note[:0]
    return note[max(0, (loud[0] - 2) * block) : (loud[-1] + 1) * block]


def bend(note: np.ndarray, cents: np.ndarray) -> np.ndarray:
    """``note`` moved in pitch by ``cents`` (samples,) through its length, by resampling.

    Read at twice the rate between samples by cubic splines: plenty for shifts this small.
    """
    from scipy.interpolate import CubicSpline

    if len(note) < 16:
        return note
    where = np.cumsum(2.0 ** (cents / 1200.0))
    where = np.concatenate([[0.0], where[where < len(note) - 1]])
    fine = soxr.resample(note.astype(np.float32), 1, 2, "HQ")
    return CubicSpline(np.arange(len(fine)), fine)(2.0 * where).astype(np.float32)


def pitch_gesture(length: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Cents over a note of ``length`` samples: its detuning, and a glide, vibrato or slow bend."""
    time_s = np.arange(length) / rate
    cents = np.full(length, rng.uniform(-DETUNE_CENTS, DETUNE_CENTS))
    kind = rng.random()
    if kind < 0.25:  # glided into
        start = rng.uniform(-GLIDE_CENTS, 0.5 * GLIDE_CENTS)
        cents += start * np.exp(-time_s / rng.uniform(0.02, 0.08))
    elif kind < 0.55 and length > 0.5 * rate:  # vibrato, later and wider
        depth = rng.uniform(5, 35) * np.clip(time_s / rng.uniform(0.2, 0.8), 0, 1)
        pace = rng.uniform(4.0, 6.8)
        cents += depth * np.sin(2 * np.pi * (pace * time_s + rng.random()))
    elif kind < 0.8:  # sways
        turns = rng.uniform(-25, 25, 4)
        cents += np.interp(np.linspace(0, 3, length), np.arange(4), turns)
    return cents


def gain_gesture(length: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Gain over a note: a swell, and now and then a crescendo from or a fade to silence."""
    turns = rng.uniform(-GESTURE_DB, GESTURE_DB, 3)
    gain_db = np.interp(np.linspace(0, 2, length), [0, 1, 2], turns)
    kind = rng.random()
    if kind < 0.24:
        span = min(length, int(rng.uniform(0.1, 1.0) * rate))
        ramp = FLOOR_DB * (1 - np.linspace(0, 1, span)) ** 2
        if kind < 0.12:
            gain_db[:span] += ramp
        else:
            gain_db[-span:] += ramp[::-1]
    return np.asarray(db_to_gain(gain_db), np.float32)


def join(notes: list[np.ndarray], rate: int, rng: np.random.Generator) -> np.ndarray:
    """Join shortened notes with gestures into one phrase, cross-faded or separated."""
    fade = int(FADE_S * rate)
    ramp = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
    out = np.zeros(0, np.float32)
    for note in notes:
        if rng.random() < 0.5:  # half of the notes are left before they end
            note = note[: int(rng.uniform(0.35, 1.0) * len(note))]
        if len(note) < 4 * fade:
            continue
        note = bend(note, pitch_gesture(len(note), rate, rng))
        note = note * gain_gesture(len(note), rate, rng)
        note[-fade:] *= ramp[::-1]
        if rng.random() < 0.3:  # a breath between notes
            out = np.concatenate([out, np.zeros(int(rng.uniform(0.05, 0.4) * rate), np.float32)])
        if len(out) > fade and rng.random() < 0.7:
            # Bowed over: the new note starts under the end of the last.
            note[:fade] *= ramp
            out[-fade:] += note[:fade]
            note = note[fade:]
        out = np.concatenate([out, note])
    silence = np.zeros(int(rng.uniform(0.2, 0.5) * rate), np.float32)
    return np.concatenate([silence, out, silence])


def phrases(notes: list[np.ndarray], rate: int, seed: int) -> list[np.ndarray]:
    """Every note once, in random order, as phrases."""
    rng = np.random.default_rng(seed)
    trimmed = [t for t in (trim(note, rate) for note in notes) if len(t) > rate // 10]
    order = rng.permutation(len(trimmed))
    made, at = [], 0
    while at < len(order):
        count = int(rng.integers(*NOTES_PER_PHRASE))
        made.append(join([trimmed[i] for i in order[at : at + count]], rate, rng))
        at += count
    return made
