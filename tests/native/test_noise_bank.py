"""One noise for several voices: the sound of one, the power of all."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest
from voice_tracks import control, play, random_track, rms_db, set_frame

from native.kernel import NoiseBank, Voice

RATE, BANDS = 48_000, 65


def play_shared(voices, tracks, bank, duration_s, blocks):
    """The voices in ``blocks`` (cycled), each frame of a track at its sample."""
    out = np.zeros(round(duration_s * RATE), np.float32)
    pending = [list(track) for track in tracks]
    at, sizes = 0, cycle(blocks)
    while at < len(out):
        n = min(next(sizes), len(out) - at)
        for voice, events in zip(voices, pending, strict=True):
            done = 0
            while done < n:
                while events and round(events[0].time_s * RATE) <= at + done:
                    event = events.pop(0)
                    set_frame(voice, event.frame, event.ramp_s)
                until = min(n, round(events[0].time_s * RATE) - at) if events else n
                piece = np.empty(until - done, np.float32)
                voice.render_shared(bank, piece, done)
                out[at + done : at + until] += piece
                done = until
        bank.render(out[at : at + n])
        at += n
    return out


@pytest.mark.parametrize("second", [None, (33, 8000.0)])
@pytest.mark.parametrize("blocks", [(128,), (8192,), (1, 17, 700, 64)], ids=str)
def test_a_voice_alone_sounds_as_by_itself(blocks, second):
    alone = Voice(RATE, 20, BANDS, 24_000.0, seed=5, second=second)
    events = random_track(alone, 0.005, 0.3, 2)
    voice = Voice(RATE, 20, BANDS, 24_000.0, seed=5, second=second)
    bank = NoiseBank(RATE, BANDS, 24_000.0, seed=5, second=second)
    shared = play_shared([voice], [events], bank, 0.3, blocks)
    expected = play(alone, events, 0.3, RATE)
    assert rms_db(shared - expected) - rms_db(expected) < -110.0


def test_the_powers_of_the_voices_add_up():
    magnitudes = [np.full(BANDS, 0.1), np.linspace(0.3, 0.0, BANDS), np.linspace(0.0, 0.2, BANDS)]
    voices = [Voice(RATE, 0, BANDS, 24_000.0, seed=v) for v in range(3)]
    bank = NoiseBank(RATE, BANDS, 24_000.0)
    for voice, noise in zip(voices, magnitudes, strict=True):
        set_frame(voice, control(voice, noise=noise), 0.0)
    shared = play_shared(voices, [[], [], []], bank, 20.0, (4096,))[4800:]
    apart = np.sum([play(voice, [], 20.0, RATE) for voice in voices], 0)[4800:]
    low, high = ([spectrum[:4000], spectrum[-4000:]] for spectrum in map(power, (shared, apart)))
    for one, other in zip(low, high, strict=True):
        assert 10 * np.log10(one.mean() / other.mean()) == pytest.approx(0.0, abs=0.3)
    summed = np.sum(np.square(magnitudes), 0).mean() / 3
    assert shared.var(dtype=float) == pytest.approx(summed, rel=0.03)


def power(x):
    """Of 16,384-point transforms' bins, averaged over the sound."""
    frames = x[: len(x) // 16384 * 16384].reshape(-1, 16384)
    return np.square(np.abs(np.fft.rfft(frames * np.hanning(16384)))).mean(0)


def test_a_bank_that_nobody_feeds_falls_silent():
    voice, bank = Voice(RATE, 0, BANDS, 24_000.0), NoiseBank(RATE, BANDS, 24_000.0)
    set_frame(voice, control(voice, noise=0.3), 0.0)
    assert play_shared([voice], [[]], bank, 0.1, (100,)).any()
    out = np.zeros(4800, np.float32)
    bank.render(out)
    assert out[:128].any() and not out[512:].any()
    bank.reset()
    bank.render(out[512:])
    assert not out[512:].any()


def test_what_does_not_fit_is_refused():
    voice, bank = Voice(RATE, 1, BANDS, 24_000.0), NoiseBank(RATE, BANDS, 24_000.0, max_block=64)
    with pytest.raises(ValueError, match="the bank takes 64"):
        voice.render_shared(bank, np.zeros(60, np.float32), 5)
    with pytest.raises(ValueError, match="the bank takes 64"):
        bank.render(np.zeros(65, np.float32))
    for arguments in [(7999, 65, 8000.0), (48000, 1, 8000.0), (48000, 65, np.nan)]:
        with pytest.raises(ValueError, match="outside the range"):
            NoiseBank(*arguments)
    with pytest.raises(ValueError, match="outside the range"):
        NoiseBank(RATE, 65, 8000.0, second=(1, 8000.0))
