"""Benchmarks of the kernel as installed: oscillators, noise, reverb, response, analyser."""

from __future__ import annotations

import numpy as np

from ddsp_edge.bench import voices
from ddsp_edge.bench.paths import BANDS, GOAL_NS, HARMONICS, RATE, noise_us, oscillator_ns
from ddsp_edge.bench.result import Result, against, best_s
from native.kernel import Analyser, Convolver, Output, Voice

GOAL_NOISE_US = 4.0


def results(peers: dict[str, float]) -> list[Result]:
    """``peers`` as :func:`ddsp_edge.bench.peers.measured`: of DDSP-VST's algorithm, if run."""
    found = []
    ns = oscillator_ns(Voice(RATE, HARMONICS, 0, RATE / 2))
    found.append(against("oscillator-sample, as installed", ns, "ns", "goal", GOAL_NS))
    if peer := peers.get("oscillator_ns"):
        found.append(against("oscillator-sample", ns, "ns", "DDSP-VST's way", peer))
    for count in (16, 32, 64, 128):
        each = oscillator_ns(Voice(RATE, count, 0, RATE / 2), count)
        name = f"one sample of {count} harmonics"
        found.append(Result(name, each * count, "ns", at={"curve": "bank", "harmonics": count}))
    us = noise_us(Voice(16_000, 0, BANDS, 8_000), 320)
    found.append(against("noise, 65 bands, 20 ms at 16 kHz", us, "us", "goal", GOAL_NOISE_US))
    if peer := peers.get("noise_us"):
        found.append(against("noise, 65 bands, 20 ms at 16 kHz", us, "us", "DDSP-VST's way", peer))
    us = noise_us(Voice(RATE, 0, BANDS, RATE / 2), RATE // 50)
    found.append(Result("noise, 65 bands, 20 ms at 48 kHz", us, "us"))
    return found + voices.results(peers) + _around()


def _around() -> list[Result]:
    """Benchmarks of what exists once for all voices: output, response and analyser."""
    found = []
    mono = np.random.default_rng(0).normal(0, 0.1, 4800).astype(np.float32)
    stereo = np.zeros((len(mono), 2), np.float32)
    for name, wet in (("gain", 0.0), ("gain and stereo reverb", 0.3)):
        output = Output(RATE)
        output.set_reverb(0.5, 0.5, wet)
        output.process(mono, stereo)

        def once(output: Output = output) -> None:
            output.process(mono, stereo)

        found.append(Result(f"{name}, one sample", best_s(once, 100) / len(mono) * 1e9, "ns"))
    convolver = Convolver(np.random.default_rng(1).normal(0, 0.01, RATE).astype(np.float32))
    heard = np.zeros_like(mono)
    took = best_s(lambda: convolver.process(mono, heard), 100)
    found.append(Result("a response of one second, one sample", took / len(mono) * 1e9, "ns"))
    t = np.arange(RATE) / RATE
    for name, tone in (
        ("220 Hz with vibrato", np.sin(2 * np.pi * 220 * t + np.sin(2 * np.pi * 5 * t))),
        ("noise", np.random.default_rng(0).normal(0, 0.1, RATE)),
    ):
        analyser, sound = Analyser(RATE, 0.005), tone.astype(np.float32)
        took = best_s(lambda a=analyser, s=sound: a.process(s), 20)  # type: ignore[misc]
        found.append(Result(f"analyser, one sample: {name}", took / RATE * 1e9, "ns"))
    return found
