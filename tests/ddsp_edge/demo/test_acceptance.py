"""The shipped instruments against what the project promises, through the real path."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from places import GOLDEN

from ddsp_edge import evaluation
from ddsp_edge.bundles.bundle import Bundle, write_bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.demo import TUNE, VOICE, acceptance
from ddsp_edge.effect.source import effect_frames
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import synth_frames
from ddsp_edge.system.audio_file import read_audio
from native.kernel import Voice

RATE = 48_000
SHIPPED = ("violin", "cello")


def frames_for(name: str) -> list[FeatureFrame]:
    """What the demo plays on this model."""
    info = find_model(name).info
    if name == "violin":
        return effect_frames(read_audio(VOICE, RATE), RATE, info)
    return synth_frames(TUNE, info, Settings(expression=0)).frames


def float32_twin(name: str) -> Bundle:
    """The model before quantizing, kept for this comparison."""
    bundle = find_model(name)
    model = (GOLDEN / f"{name}-float32.tflite").read_bytes()
    return replace(bundle, info=replace(bundle.info, quantization="none"), model=model)


@pytest.fixture(scope="module")
def voice():
    return render(VOICE, "violin")


@pytest.fixture(scope="module")
def tune():
    return render(TUNE, "cello")


@pytest.mark.parametrize("name", ["f0", "jumps", "loudness", "clicks", "lone"])
def test_the_violin_follows_the_voice(voice, name):
    figure = {f.name: f for f in acceptance.voice_figures(voice)}[name]
    assert figure.met, figure


@pytest.mark.parametrize("name", ["notes", "onsets", "clicks", "lone"])
def test_the_cello_plays_in_tune_and_in_time(tune, name):
    figure = {f.name: f for f in acceptance.tune_figures(tune)}[name]
    assert figure.met, figure


def test_silence_in_is_silence_out(voice, tune):
    for report in (voice, tune):
        figure = acceptance.silence_figure(report)
        assert figure.met, figure


def test_the_figures_see_a_bad_render(voice, tune):
    """Detuned, late and clicking sound is refused."""
    bad = render(VOICE, "violin", settings=Settings(pitch_shift=0.3))
    bad = replace(bad, settings=Settings())  # nobody asked for that
    figures = {f.name: f for f in acceptance.voice_figures(bad)}
    assert not figures["f0"].met
    late = replace(tune, settings=Settings(reverb_wet=0.0, body=0.0, expression=0.0))
    late.sound = np.roll(tune.sound, round(0.025 * RATE), axis=0)
    assert not {f.name: f for f in acceptance.tune_figures(late)}["onsets"].met
    clicking = replace(voice)
    edges = np.arange(0, len(voice.sound), 240)
    clicking.sound = voice.sound + 0
    clicking.sound[edges] += 0.03
    assert not {f.name: f for f in acceptance.voice_figures(clicking)}["clicks"].met


@pytest.mark.parametrize("name", SHIPPED)
def test_int8_sounds_like_float32(name):
    """On LiteRT: mean spectral difference of the two renders of what the demo plays."""
    frames = frames_for(name)
    dry = Settings(reverb_wet=0.0)
    seconds = frames[-1].time_s + 0.2
    sounds = [
        Engine(b, RATE, dry, runtime="litert").render(frames, seconds)[:, 0]
        for b in (find_model(name), float32_twin(name))
    ]
    assert 0 < evaluation.spectral_difference_db(*sounds) <= 0.2


def play_controls(info, frames, found) -> np.ndarray:
    """Control tracks of another runtime through the kernel."""
    voice = Voice(RATE, info.n_harmonics, info.n_noise, info.band_limit_hz)
    hop = round(info.hop_s * RATE)
    out = np.zeros(hop * len(frames), np.float32)
    for i, frame in enumerate(frames):
        voice.set_frame(
            frame.f0_hz, found["amplitude"][i], found["harmonics"][i], found["noise"][i], info.hop_s
        )
        voice.render(out[i * hop : (i + 1) * hop])
    return out


@pytest.mark.parametrize("name", SHIPPED)
def test_int8_sounds_like_float32_on_tflite_runtime(name, tflite_env, tmp_path):
    bundle, frames = find_model(name), frames_for(name)
    f0 = np.array([f.f0_hz for f in frames])
    loudness = np.array([f.loudness_db for f in frames])
    sounds = []
    for kind, each in (("int8", bundle), ("float32", float32_twin(name))):
        path = tmp_path / f"{kind}.zip"
        write_bundle(path, replace(each, card="a test", preview=b"", preview_name=""))
        found = tflite_env.decode(path, f0, loudness)
        assert str(found["runtime"]) == "tflite-runtime" and found["faults"] == 0
        sounds.append(play_controls(bundle.info, frames, found))
    # The older runtime rounds int8 sums more coarsely (violin: 0.33 dB, on LiteRT 0.2).
    assert 0 < evaluation.spectral_difference_db(*sounds) <= 0.4


def levels(decoder: Decoder, f0_hz: float, loudness_db: float) -> ControlFrame:
    """The model's steady answer."""
    controls = ControlFrame(decoder.info.n_harmonics, decoder.info.n_noise)
    decoder.reset()
    for i in range(120):
        decoder.step(FeatureFrame(i * decoder.info.hop_s, f0_hz, loudness_db), controls)
    return controls


@pytest.mark.parametrize("name", SHIPPED)
def test_timbre_changes_with_loudness_and_pitch_and_noise_is_there(name):
    decoder = Decoder(find_model(name))
    info = decoder.info
    middle = 440 * 2 ** ((0.5 * (info.min_pitch_note + info.max_pitch_note) - 69) / 12)
    soft, loud = info.min_loudness_db + 6, info.max_loudness_db - 3
    quiet, strong = (levels(decoder, middle, db) for db in (soft, loud))
    low, high = (levels(decoder, middle * ratio, loud) for ratio in (0.6, 1.7))

    def differ(a: ControlFrame, b: ControlFrame) -> float:
        """Mean difference of the first twenty harmonics' shares, dB."""
        shares = [np.maximum(c.harmonic_distribution[:20], 1e-4) for c in (a, b)]
        return float(np.abs(20 * np.log10(shares[0] / shares[1])).mean())

    assert differ(quiet, strong) > 1.5
    assert differ(low, high) > 3.0
    assert strong.amplitude > 3 * quiet.amplitude
    tone = np.sqrt(np.sum((strong.amplitude * strong.harmonic_distribution) ** 2) / 2)
    noise = np.sqrt(np.mean(strong.noise_magnitudes**2) / 3)
    assert -60 < 20 * np.log10(noise / tone) < -12


@pytest.mark.parametrize("name", SHIPPED)
def test_cards_state_what_a_user_must_know(name):
    bundle = find_model(name)
    info, card = bundle.info, bundle.card
    assert info.quantization == "int8" and info.sample_rate == RATE
    for fact in (info.licence, info.attribution, "steps", "Seed", "float32", "int8", "held out"):
        assert fact in card, fact
    assert f"ddsp-edge train {name} --recipe {name}" in card
    measured = json.loads(card.split("```json")[1].split("```")[0])["measured"]
    assert measured["loss_quantized"] == pytest.approx(measured["loss_float32"], rel=0.02)
    assert measured["attack_s"] == pytest.approx(info.attack_s, abs=1e-4)
    assert len(bundle.preview) > 10_000
