"""The whole engine without a card: how many times faster than real time, voices by harmonics."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ddsp_edge.bench.result import Result, against
from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library.catalog import find_model
from native.rig import Part, Rig, RigControl

RATE, PERIOD, F0_HZ = 48_000, 128, 110.0
VOICES, HARMONICS = (1, 2, 4, 8, 16), (16, 32, 64, 100, 128)
MODEL = "violin"  #: the network that is stepped


def results(peers: dict[str, float], seconds: float = 0.5, repeats: int = 3) -> list[Result]:
    """Synth by voices and harmonics; effect (one analyser, one voice) by harmonics."""
    bundle, found = find_model(MODEL), []
    for voices in VOICES:
        for count in HARMONICS:
            factor = _factor(bundle, "synth", voices, count, seconds, repeats)
            at: dict[str, float | str] = {
                "curve": "synth", "voices": voices, "harmonics": count
            }  # fmt: skip
            name = f"synth, {voices} {'voices' if voices > 1 else 'voice'} of {count} harmonics"
            peer = peers.get(f"fluidsynth_x_{voices}") if count == 100 else None
            if peer:
                one = against(name, factor, "x", "FluidSynth", peer, more=True)
                found.append(replace(one, at=at))
            else:
                found.append(Result(name, factor, "x", at=at))
    for count in HARMONICS:
        factor = _factor(bundle, "effect", 1, count, seconds, repeats)
        found.append(Result(f"effect, one voice of {count} harmonics", factor, "x",
                            at={"curve": "effect", "voices": 1, "harmonics": count}))  # fmt: skip
    return found


def _factor(
    bundle: Bundle, source: str, voices: int, harmonics: int, seconds: float, repeats: int
) -> float:
    """Best of ``repeats``: times real time, decoding and all Python included."""
    return max(seconds / once_s(bundle, source, voices, harmonics, seconds)
               for _ in range(repeats))  # fmt: skip


def once_s(bundle: Bundle, source: str, voices: int, harmonics: int, seconds: float) -> float:
    """Seconds of this thread's work for ``seconds`` of sound.

    Analyser or clock, network, voices, reverb and mix are included. Each voice has its own f0 near
    110 Hz (so that 128 harmonics lie below Nyquist) and its row of the network each hop, decoded
    with the others as in the live engine; the controls that are sent have ``harmonics`` of them.
    """
    info = bundle.info
    decoder = Decoder(bundle, None, voices)
    part = Part(RATE, PERIOD, voices, harmonics, info.n_noise, RATE / 2, info.hop_s,
                source == "effect")  # fmt: skip
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.REVERB_WET, 0.3)
    rig.play(part)
    controls = [ControlFrame(info.n_harmonics, info.n_noise) for _ in range(voices)]
    weights = (1.0 / np.arange(1, harmonics + 1)).astype(np.float32)
    t = np.arange(PERIOD * round(seconds * RATE / PERIOD)) / RATE
    tone = 0.1 * np.sin(2 * np.pi * F0_HZ * t + np.sin(2 * np.pi * 5 * t))
    heard = np.repeat(tone.astype(np.float32)[:, None], 2, axis=1)
    played = np.zeros((PERIOD, 2), np.float32)
    frames = [FeatureFrame(0.0, F0_HZ * 2 ** (v / 60), -20.0, voice=v) for v in range(voices)]
    begun = time.thread_time()
    for at in range(0, len(heard), PERIOD):
        rig.process(heard[at : at + PERIOD], played)
        for tick in part.read_ticks():
            position = int(tick["position"])
            decoder.step_many(frames, controls)
            for frame, made in zip(frames, controls, strict=True):
                part.send_frame(frame.voice, position, frame.f0_hz, made.amplitude, weights,
                                made.noise_magnitudes, info.hop_s)  # fmt: skip
    return time.thread_time() - begun
