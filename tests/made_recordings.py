"""Made-up recordings, good and bad."""

import numpy as np

RATE = 48_000
SCALE = [220.0, 247.0, 277.0, 330.0, 370.0, 440.0, 494.0, 554.0]


def tone(f0_hz: float, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return 0.1 * sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 16))


def melody(times: int = 1) -> np.ndarray:
    """Eight notes of 0.7 s and rests of 0.5 s, so many times."""
    out = []
    for i, f0_hz in enumerate(SCALE * times):
        note = tone(f0_hz * 2 ** ((i // 8) / 36), 0.7) * (0.3 + 0.7 * (i % 3) / 2)
        note *= np.minimum(1, np.minimum(np.arange(len(note)), np.arange(len(note))[::-1]) / 2400)
        out += [note, np.zeros(RATE // 2)]
    return np.concatenate(out)


def drum_loop(seconds: float = 8.0) -> np.ndarray:
    """Kick, snare and hi-hat."""
    rng = np.random.default_rng(0)
    out = np.zeros(int(seconds * RATE))
    t = np.arange(RATE // 5) / RATE
    for beat in range(int(seconds * 4)):
        if beat % 4 == 0:
            sweep = 50 * t + 1.8 * (1 - np.exp(-t / 0.03))
            hit = 0.8 * np.sin(2 * np.pi * sweep) * np.exp(-t / 0.08)
        elif beat % 4 == 2:
            skin = 0.3 * np.sin(2 * np.pi * 190 * t)
            hit = (0.4 * rng.standard_normal(len(t)) + skin) * np.exp(-t / 0.05)
        else:
            hit = 0.3 * np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t / 0.02)
        out[beat * RATE // 4 :][: len(t)] += hit[: len(out) - beat * RATE // 4]
    return out


def in_a_room(audio: np.ndarray, decay_s: float, wet: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(1)
    n = int(decay_s * RATE)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / (decay_s * RATE))
    tail /= np.sqrt((tail**2).sum())
    whole = len(audio) + n
    wet_audio = np.fft.irfft(np.fft.rfft(audio, whole) * np.fft.rfft(tail, whole), whole)
    return audio + wet * wet_audio[: len(audio)]
