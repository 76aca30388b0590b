"""The native kernel's sound and features on fixed input, into the .npz named on the command line.

Run on the board and here; the two must agree.
"""

import sys

import numpy as np

from native.kernel import Analyser, Output, Voice

RATE, HOP_S, SECONDS = 48_000, 0.005, 1.0
random = np.random.default_rng(1)
voice = Voice(RATE, 100, 65, 24_000.0, seed=3)
mono = np.zeros(round(SECONDS * RATE), np.float32)
hop = round(HOP_S * RATE)
for start in range(0, len(mono), hop):
    t = start / RATE
    weights = random.uniform(0.0, 1.0, 100) / np.arange(1, 101)
    noise = random.uniform(0.0, 0.02, 65)
    voice.set_frame(220.0 * 2 ** (t + 0.03 * np.sin(35 * t)), 0.3, weights, noise, HOP_S)
    voice.render(mono[start : start + hop])
output = Output(RATE)
output.set_reverb(0.6, 0.4, 0.5)
stereo = np.zeros((len(mono), 2), np.float32)
output.process(mono, stereo)
frames = Analyser(RATE, HOP_S).process(mono)
np.savez(
    sys.argv[1],
    mono=mono,
    stereo=stereo,
    f0_hz=frames["f0_hz"],
    confidence=frames["confidence"],
    loudness_db=frames["loudness_db"],
)
