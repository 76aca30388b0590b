"""The kernel's calls alone: voices of one part, their noise, the room; no network, no rig."""

from __future__ import annotations

import time

import numpy as np
from native._kernel import ffi, lib

from ddsp_edge.bench.result import Result, against, best_s
from native.kernel import NoiseBank, Output, Voice

RATE, PERIOD, HOP_S, F0_HZ = 48_000, 128, 0.005, 220.0
HARMONICS, BANDS, VOICES = 100, 65, (1, 4, 8, 16)
GOAL_NS = 23.0  #: a voice-sample


def results(peers: dict[str, float]) -> list[Result]:
    """A voice alone; by voices, times real time beside FluidSynth and ns a voice-sample."""
    found = [
        against("one voice-sample, 100 harmonics and 65 bands", alone_ns(), "ns", "goal", GOAL_NS)
    ]
    for count in VOICES:
        took_s = min(once_s(count) for _ in range(5))
        name = f"the kernel's calls alone, {count} {'voices' if count > 1 else 'voice'}"
        if peer := peers.get(f"fluidsynth_x_{count}"):
            found.append(against(name, 0.5 / took_s, "x", "FluidSynth", peer, more=True))
        else:
            found.append(Result(name, 0.5 / took_s, "x"))
        ns = took_s / (0.5 * RATE * count) * 1e9
        found.append(Result(f"one voice-sample of {count}, sum and room included", ns, "ns"))
    return found


def alone_ns() -> float:
    """Nanoseconds for a sample of one voice with its own noise: a frame and 240 samples a call."""
    voice, out = Voice(RATE, HARMONICS, BANDS, RATE / 2)._voice, ffi.new("float[]", 240)
    weights = ffi.new("float[]", [1.0 / k for k in range(1, HARMONICS + 1)])
    bands = ffi.new("float[]", [0.01] * BANDS)
    f0_hz = iter(range(10**9))

    def glide() -> None:
        for _ in range(10):
            hz = F0_HZ + next(f0_hz) % 2
            lib.ddsp_voice_set_frame(voice, hz, 0.3, weights, bands, HOP_S)
            lib.ddsp_voice_render(voice, out, len(out))

    return best_s(glide, 200) / (10 * len(out)) * 1e9


def once_s(count: int, seconds: float = 0.5) -> float:
    """Seconds of this thread's work for ``seconds`` of sound in periods of 128: ``count`` voices
    of 100 harmonics near 220 Hz and 65 noise bands, a frame each every 5 ms, one noise, their
    sum (in NumPy), gain and reverb. The calls go past the Python face, which is as dear."""
    voices = [Voice(RATE, HARMONICS, BANDS, RATE / 2, PERIOD) for _ in range(count)]
    bank, output = NoiseBank(RATE, BANDS, RATE / 2, PERIOD), Output(RATE, PERIOD)
    output.set_reverb(0.5, 0.5, 0.3)
    weights = (1.0 / np.arange(1, HARMONICS + 1)).astype(np.float32)
    bands = np.full(BANDS, 0.01, np.float32)
    each, mix = np.zeros(PERIOD, np.float32), np.zeros(PERIOD, np.float32)
    shape, noise = ffi.from_buffer("float[]", weights), ffi.from_buffer("float[]", bands)
    one = ffi.from_buffer("float[]", each, require_writable=True)
    summed = ffi.from_buffer("float[]", mix, require_writable=True)
    stereo, shared = ffi.new("float[]", 2 * PERIOD), bank._bank
    hop, due = HOP_S * RATE, 0.0
    begun = time.thread_time()
    for at in range(0, round(seconds * RATE), PERIOD):
        if at >= due:
            due += hop
            for v, voice in enumerate(voices):
                f0_hz = F0_HZ * 2 ** ((v + at % 7 / 7) / 240)
                lib.ddsp_voice_set_frame(voice._voice, f0_hz, 0.3, shape, noise, HOP_S)
        mix[:] = 0.0
        for voice in voices:
            lib.ddsp_voice_render_shared(voice._voice, shared, 0, one, PERIOD)
            np.add(mix, each, mix)
        lib.ddsp_noise_bank_render(shared, summed, PERIOD)
        lib.ddsp_output_process(output._output, summed, stereo, PERIOD)
    return time.thread_time() - begun
