"""The whole engine without a card: how many times faster than real time, voices by harmonics."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ddsp_edge.bench.result import Result, against
from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.library.catalog import find_model
from ddsp_edge.settings import Settings
from ddsp_edge.synth.notes import synth_settings
from ddsp_edge.tflite.network import read_network
from native.conditioner import ConditionedModel, Conditioner
from native.decoder import Layer, Network
from native.player import Note, Touch
from native.rig import Part, Rig, RigControl

RATE, PERIOD, F0_HZ, NOTE = 48_000, 128, 110.0, 45  #: F0_HZ is this MIDI note
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
    """Best of ``repeats``: times real time, player and decoding included."""
    return max(seconds / once_s(bundle, source, voices, harmonics, seconds)
               for _ in range(repeats))  # fmt: skip


def once_s(
    bundle: Bundle,
    source: str,
    voices: int,
    harmonics: int,
    seconds: float,
    notes: Sequence[float] = (),
    f0_hz: float = F0_HZ,
) -> float:
    """Seconds of this thread's work for ``seconds`` of sound: all that the audio callback does.

    Ear or notes, player, network, voices, room, mix. Each voice plays a held note near 110 Hz (so
    that 128 harmonics lie below Nyquist), or those of ``notes``; the effect hears ``f0_hz``. The
    network is the model's, with ``harmonics`` outputs.
    """
    info = bundle.info
    conditioner = Conditioner(
        ConditionedModel(_network(bundle, harmonics), harmonics, info.n_noise, RATE / 2,
                         info.hop_s, F0_HZ),
        voices=voices,
    )  # fmt: skip
    part = Part(RATE, PERIOD, voices, harmonics, info.n_noise, RATE / 2, info.hop_s,
                source == "effect", loudness_db=info.note_loudness_db,
                conditioner=conditioner)  # fmt: skip
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.REVERB_WET, 0.3)
    rig.play(part)
    if source == "synth":
        part.events.set(synth_settings(Settings()), 0.0)
        for voice in range(voices):
            note = notes[voice] if notes else NOTE + voice / 5
            part.events.start(voice, Note(note, 0.8), Touch(), 0.0)
    t = np.arange(PERIOD * round(seconds * RATE / PERIOD)) / RATE
    tone = 0.1 * np.sin(2 * np.pi * f0_hz * t + np.sin(2 * np.pi * 5 * t))
    heard = np.repeat(tone.astype(np.float32)[:, None], 2, axis=1)
    played = np.zeros((PERIOD, 2), np.float32)
    begun = time.thread_time()
    for at in range(0, len(heard), PERIOD):
        rig.process(heard[at : at + PERIOD], played)
    return time.thread_time() - begun


def _network(bundle: Bundle, harmonics: int) -> Network:
    """The model's network, its harmonics' layer made so wide; rows beyond its own come again."""
    weights = read_network(bundle.model)
    rows = np.arange(harmonics) % weights.n_harmonics
    layer = Layer(weights.harmonics.weights[rows], weights.harmonics.bias[rows])
    return Network(replace(weights, n_harmonics=harmonics, harmonics=layer))
