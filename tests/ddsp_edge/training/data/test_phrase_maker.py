import numpy as np
import pytest

from ddsp_edge.training.data.phrase_maker import bend, gain_gesture, phrases, pitch_gesture, trim

RATE = 16_000


def note(f0_hz, seconds=0.6):
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * f0_hz * t)).astype(np.float32)


def pitch(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 20))
    return np.argmax(spectrum) * RATE / (1 << 20)


def test_trim_cuts_silence_but_not_sound():
    sound = note(300.0)
    padded = np.concatenate([np.zeros(RATE), sound, np.zeros(RATE)]).astype(np.float32)
    cut = trim(padded, RATE)
    assert len(sound) <= len(cut) < len(sound) + 0.03 * RATE
    assert len(trim(np.zeros(10, np.float32), RATE)) <= 10


@pytest.mark.parametrize("f0_hz", [400.0, 5000.0])
def test_bend_moves_the_pitch_by_cents_and_keeps_the_level(f0_hz):
    sound = note(f0_hz, 2.0)
    moved = bend(sound, np.full(len(sound), 100.0))
    assert abs(1200 * np.log2(pitch(moved) / f0_hz) - 100.0) < 1.0
    middle = moved[2000:-2000]
    assert np.std(middle) == pytest.approx(0.2 / np.sqrt(2), rel=0.01)
    assert len(moved) == pytest.approx(len(sound) / 2 ** (100 / 1200), abs=3)


def test_bend_follows_a_curve():
    """A step half way: the first half as it was, the second a semitone higher."""
    sound = note(500.0, 2.0)
    moved = bend(sound, np.where(np.arange(len(sound)) < RATE, 0.0, 100.0))
    assert pitch(moved[:RATE]) == pytest.approx(500.0, abs=0.5)
    assert pitch(moved[RATE:]) == pytest.approx(500.0 * 2 ** (1 / 12), abs=0.5)


def test_gestures_are_of_every_kind_and_bounded():
    rng = np.random.default_rng(0)
    cents = [pitch_gesture(RATE, RATE, rng) for _ in range(300)]
    assert max(np.abs(c).max() for c in cents) <= 80 + 180
    spans = [np.ptp(c) for c in cents]
    assert sum(s == 0 for s in spans) > 30  # some notes are left alone
    assert sum(s > 60 for s in spans) > 30  # glides
    turns = [np.count_nonzero(np.diff(np.sign(np.diff(c)))) for c in cents]
    assert sum(t >= 6 for t in turns) > 50  # vibrato
    gains = [gain_gesture(RATE, RATE, rng) for _ in range(300)]
    assert max(g.max() for g in gains) <= 10 ** (3 / 20) + 1e-6
    assert sum(g[0] < 0.02 for g in gains) > 15  # crescendi from silence
    assert sum(g[-1] < 0.02 for g in gains) > 15


def test_every_note_is_used_and_joins_do_not_click():
    made = phrases([note(200.0 + 20 * i) for i in range(20)], RATE, seed=3)
    total = sum(len(p) for p in made) / RATE
    assert total > 20 * 0.6 * 0.5
    for phrase in made:
        assert phrase.dtype == np.float32
        assert np.abs(np.diff(phrase)).max() < 0.2  # the tones alone reach 0.08
        assert phrase[0] == 0 and phrase[-1] == 0


def test_phrases_are_the_same_for_the_same_seed():
    notes = [note(200.0 + 20 * i) for i in range(6)]
    a, b, c = phrases(notes, RATE, 1), phrases(notes, RATE, 1), phrases(notes, RATE, 2)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert sum(map(len, a)) != sum(map(len, c))
