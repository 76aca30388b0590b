"""Speed, against the figures of stated peers; the best of several repeats on one thread."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import ddsp_edge
from ddsp_edge.decoder import Decoder
from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library import entries, find_model
from ddsp_edge.render import render
from ddsp_edge.runtimes import usable_runtimes
from native.kernel import Analyser, Output, Voice

RATE = 48_000
#: DDSP-VST, measured on the machine that this project began on (issue 5): its own
#: HarmonicSynthesizer with -O3 -march=native, its noise, its GRU-512 on LiteRT.
PEER = "DDSP-VST"
PEER_OSCILLATOR_NS = 10.3
PEER_NOISE_US = 16.0
PEER_DECODER_US = {"none": 286.0, "int8": 44.0}
A_NOTE = FeatureFrame(0.0, 330.0, -20.0)


@dataclass(frozen=True)
class Result:
    """One measurement; ``ratio`` is how many times better than ``against``."""

    name: str
    value: float
    unit: str
    against: str = ""
    peer_value: float | None = None
    ratio: float | None = None

    def __str__(self) -> str:
        text = f"{self.name:<44} {self.value:10.3f} {self.unit}"
        if self.ratio is None:
            return text
        return f"{text:<66} {self.ratio:7.1f} x better than {self.against} ({self.peer_value:g})"


def best_s(work: Callable[[], object], repeats: int) -> float:
    """The fastest of ``repeats`` runs, seconds: what the machine can do undisturbed."""
    fastest = float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - begun)
    return fastest


def _against(name: str, value: float, unit: str, peer_value: float) -> Result:
    return Result(name, value, unit, PEER, peer_value, peer_value / value)


def kernel_results() -> list[Result]:
    """Oscillators, noise, output stage, analyser."""
    results = []
    count, seconds = 100, 0.1
    block = np.zeros(round(seconds * RATE), np.float32)
    voice = Voice(RATE, count, 0, RATE / 2)
    weights, none = np.ones(count, np.float32), np.zeros(0, np.float32)
    pitch = iter(range(10**9))

    def glide() -> None:
        # Every control moves during the whole block: nothing is held, nothing skipped.
        voice.set_frame(110.0 + next(pitch) % 2, 0.5, weights, none, seconds)
        voice.render(block)

    each = best_s(glide, 100) / (len(block) * count) * 1e9
    results.append(
        _against("oscillator, one sample of one harmonic", each, "ns", PEER_OSCILLATOR_NS)
    )
    for rate, peer in ((16_000, True), (RATE, False)):
        noise = Voice(rate, 0, 65, rate / 2)
        noise.set_frame(0.0, 0.0, none, np.ones(65, np.float32), 0.005)
        frame = np.zeros(rate // 50, np.float32)
        us = best_s(lambda noise=noise, frame=frame: noise.render(frame), 500) * 1e6  # type: ignore[misc]
        name = f"noise, 65 bands, 20 ms at {rate // 1000} kHz"
        results.append(_against(name, us, "us", PEER_NOISE_US) if peer else Result(name, us, "us"))
    output = Output(RATE)
    output.set_reverb(0.5, 0.5, 0.3)
    mono = np.random.default_rng(0).normal(0, 0.1, 4800).astype(np.float32)
    stereo = np.zeros((len(mono), 2), np.float32)
    each = best_s(lambda: output.process(mono, stereo), 100) / len(mono) * 1e9
    results.append(Result("gain and stereo reverb, one sample", each, "ns"))
    analyser = Analyser(RATE, 0.005)
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 220 * t + np.sin(2 * np.pi * 5 * t)).astype(np.float32)
    took = best_s(lambda: analyser.process(tone), 10)
    results.append(Result("analyser, times real time", 1.0 / took, "x"))
    return results


def decoder_results() -> list[Result]:
    """One frame of every installed model on every runtime that is here."""
    results = []
    for runtime in usable_runtimes():
        for entry in entries():
            if entry.info is None:
                continue
            decoder = Decoder(find_model(entry.path), runtime)
            controls = ControlFrame(entry.info.n_harmonics, entry.info.n_noise)

            def steps(decoder: Decoder = decoder, controls: ControlFrame = controls) -> None:
                for _ in range(100):
                    decoder.step(A_NOTE, controls)

            us = best_s(steps, 20) / 100 * 1e6
            name = f"decoder, one frame: {entry.name} on {runtime}"
            peer = PEER_DECODER_US.get(entry.info.quantization)
            results.append(_against(name, us, "us", peer) if peer else Result(name, us, "us"))
    return results


def path_results() -> list[Result]:
    """Both paths whole: file in, sound out, loading and all Python included."""
    results = []
    for name, source, model in (("voice", VOICE, "violin"), ("MIDI", TUNE, "cello")):
        reports = [render(source, model) for _ in range(5)]
        factor = max(report.real_time_factor for report in reports)
        load = min(report.load_s for report in reports)
        results.append(Result(f"{name} on {model}, times real time", factor, "x"))
        results.append(Result(f"loading {model}", load * 1e3, "ms"))
    return results


def bench() -> dict[str, object]:
    """Everything, with what it ran on; ``results`` holds :class:`Result`."""
    return {
        "version": ddsp_edge.__version__,
        "machine": platform.machine(),
        "processor": _processor(),
        "python": platform.python_version(),
        "results": [*kernel_results(), *decoder_results(), *path_results()],
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith(("model name", "Model")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
