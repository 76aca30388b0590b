import numpy as np

from ddsp_edge.training.phrases import detune, phrases, trim

RATE = 16_000


def note(f0_hz, seconds=0.6):
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * f0_hz * t)).astype(np.float32)


def test_trim_cuts_silence_but_not_sound():
    sound = note(300.0)
    padded = np.concatenate([np.zeros(RATE), sound, np.zeros(RATE)]).astype(np.float32)
    cut = trim(padded, RATE)
    assert len(sound) <= len(cut) < len(sound) + 0.03 * RATE
    assert len(trim(np.zeros(10, np.float32), RATE)) <= 10


def test_detune_moves_the_pitch_by_cents():
    moved = detune(note(400.0, 2.0), 100.0)
    spectrum = np.abs(np.fft.rfft(moved * np.hanning(len(moved)), 1 << 20))
    peak = np.argmax(spectrum) * RATE / (1 << 20)
    assert abs(1200 * np.log2(peak / 400.0) - 100.0) < 1.0


def test_every_note_is_used_and_joins_do_not_click():
    made = phrases([note(200.0 + 20 * i) for i in range(20)], RATE, seed=3)
    total = sum(len(p) for p in made) / RATE
    assert total > 20 * 0.6 * 0.5
    for phrase in made:
        assert phrase.dtype == np.float32
        assert np.abs(np.diff(phrase)).max() < 0.2  # the tones alone reach 0.08
        assert phrase[0] == 0 and phrase[-1] == 0


def test_seeded():
    notes = [note(200.0 + 20 * i) for i in range(6)]
    a, b, c = phrases(notes, RATE, 1), phrases(notes, RATE, 1), phrases(notes, RATE, 2)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert sum(map(len, a)) != sum(map(len, c))
