"""A recording's notes are those that were played."""

from __future__ import annotations

import numpy as np

from ddsp_edge.effect.transcription import heard_notes
from ddsp_edge.settings import Settings

RATE = 48_000
#: (start in s, seconds, note, level), detached, then a slur.
PLAYED = ((0.2, 0.4, 57, 0.1), (0.8, 0.4, 64, 0.3), (1.4, 0.4, 52, 0.05), (2.0, 0.4, 69, 0.2))


def tune() -> np.ndarray:
    sound = np.zeros(3 * RATE)
    for start_s, seconds, note, level in PLAYED:
        n = round(seconds * RATE)
        t = np.arange(n) / RATE
        envelope = level * np.minimum(1, np.minimum(t / 0.01, (seconds - t) / 0.03))
        phase = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * t
        tone = sum(np.sin(k * phase) / k for k in range(1, 9))
        at = round(start_s * RATE)
        sound[at : at + n] += envelope * tone
    noise = np.random.default_rng(1).normal(size=len(sound)) * 1e-4
    return (sound + noise).astype(np.float32)


def test_a_tune_of_four_tones_is_four_notes() -> None:
    found = heard_notes(tune(), RATE, 0.005, Settings(midi_out="on"))
    on = [(time_s, m[1], m[2]) for time_s, m in found if m[0] == 0x90]
    off = [(time_s, m[1]) for time_s, m in found if m[0] == 0x80]
    assert [note for _, note, _ in on] == [note for _, _, note, _ in PLAYED]
    for (at_s, note, velocity), (end_s, ended), (start_s, seconds, _, level) in zip(
        on, off, PLAYED, strict=True
    ):
        assert start_s < at_s < start_s + 0.06
        assert ended == note and abs(end_s - start_s - seconds) < 0.08
        assert velocity > 1, level
    assert on[1][2] > on[3][2] > on[0][2] > on[2][2]  # louder is harder
    bends = [m[1] + 128 * m[2] - 8192 for _, m in found if m[0] == 0xE0]
    assert abs(np.median(bends)) < 8191 * 0.02 / 2  # two cents of two semitones
