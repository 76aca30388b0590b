"""Single notes joined into phrases, so that a model learns transitions and silence too."""

from __future__ import annotations

import numpy as np

DETUNE_CENTS = 80.0  #: each note is moved by up to this: sample sets skip semitones
GESTURE_DB = 3.0  #: slow gain swell of up to this
NOTES_PER_PHRASE = (3, 9)
FADE_S = 0.03


def trim(note: np.ndarray, rate: int, below_peak_db: float = 55.0) -> np.ndarray:
    """Cut the silence around a note, keeping 10 ms before it starts."""
    block = max(1, rate // 200)
    count = len(note) // block
    if count == 0:
        return note
    level = np.sqrt(np.mean(note[: count * block].reshape(count, block) ** 2, axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-below_peak_db / 20))
    if len(loud) == 0:
        return note[:0]
    return note[max(0, (loud[0] - 2) * block) : (loud[-1] + 1) * block]


def detune(note: np.ndarray, cents: float) -> np.ndarray:
    """Resample by a few cents (cubic interpolation is plenty for a shift this small)."""
    from scipy.interpolate import CubicSpline  # type: ignore[import-untyped]

    ratio = 2.0 ** (cents / 1200.0)
    where = np.arange(0, len(note) - 1, ratio)
    return CubicSpline(np.arange(len(note)), note)(where).astype(np.float32)


def join(notes: list[np.ndarray], rate: int, rng: np.random.Generator) -> np.ndarray:
    """One phrase: notes cut to a playable length, cross-faded, with gain gestures."""
    fade = int(FADE_S * rate)
    ramp = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
    out = np.zeros(0, np.float32)
    for note in notes:
        note = detune(note, rng.uniform(-DETUNE_CENTS, DETUNE_CENTS))
        if rng.random() < 0.5:  # half of the notes are left before they end
            note = note[: int(rng.uniform(0.35, 1.0) * len(note))]
        if len(note) < 4 * fade:
            continue
        turns = rng.uniform(-GESTURE_DB, GESTURE_DB, 3)
        swell = np.interp(np.linspace(0, 2, len(note)), [0, 1, 2], turns)
        note = note * (10 ** (swell / 20)).astype(np.float32)
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
