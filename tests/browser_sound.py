"""What the sound card of the panel's box plays, and its timbre."""

import os
import subprocess

import numpy as np

RATE = 48_000


def recorded(box, seconds=1):
    """What the sound card plays: mono samples."""
    command = ["arecord", "-q", "-D", "recorder", "-t", "raw", "-f", "FLOAT_LE", "-c", "2"]
    command += ["-r", str(RATE), "-d", str(seconds)]
    done = subprocess.run(command, env=os.environ | box.env, capture_output=True)
    assert done.stdout, done.stderr
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2).mean(1)


def harmonics(samples, f0_hz):
    """Level of the first 12 harmonics against their sum: the timbre."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    place = len(samples) / RATE
    levels = []
    for n in range(1, 13):
        low, high = (int(n * f0_hz * place * k) for k in (0.98, 1.02))
        levels.append(spectrum[low : high + 1].max())
    return np.array(levels) / sum(levels)
