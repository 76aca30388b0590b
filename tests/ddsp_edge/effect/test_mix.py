"""Trim, mix and clip light: pure functions, then through a render."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.effect.mix import clipped_samples, mix_gains, trimmed, with_dry
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings

RATE = 48_000


@pytest.fixture
def tone_path(tmp_path):
    t = np.arange(RATE // 2) / RATE
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 330 * t), RATE, subtype="FLOAT")
    return path


@given(st.floats(0, 1))
def test_equal_power(mix):
    dry, wet = mix_gains(mix)
    assert 0 <= dry <= 1 and 0 <= wet <= 1
    assert dry**2 + wet**2 == pytest.approx(1)


def test_the_ends_are_exact():
    assert mix_gains(0) == (1.0, 0.0) and mix_gains(1) == (0.0, 1.0)


def test_dry_alone_is_the_input_bit_for_bit_and_at_once(tone_path, tiny_path):
    audio, _ = soundfile.read(tone_path, dtype="float32")
    report = render(tone_path, tiny_path, settings=Settings(mix=0, reverb_wet=0.5))
    for channel in (0, 1):
        assert np.array_equal(report.sound[: len(audio), channel], audio)


def test_half_is_both_and_output_gain_is_of_both(tone_path, tiny_path):
    audio, _ = soundfile.read(tone_path, dtype="float32")
    dry = {"reverb_wet": 0.0, "output_gain": -20.0}
    wet = render(tone_path, tiny_path, settings=Settings(mix=1, **dry)).sound
    both = render(tone_path, tiny_path, settings=Settings(mix=0.5, **dry)).sound
    n = len(audio)
    expected = (wet[:n, 0] + audio * 0.1) * np.sqrt(0.5)
    assert np.allclose(both[:n, 0], expected, atol=1e-5)


def test_trim_is_before_everything(tone_path, tiny_path):
    trimmed_dry = render(tone_path, tiny_path, settings=Settings(mix=0, input_trim=-6))
    assert np.abs(trimmed_dry.sound).max() == pytest.approx(0.3 * 10**-0.3, rel=1e-4)
    plain = render(tone_path, tiny_path)
    softer = render(tone_path, tiny_path, settings=Settings(input_trim=-6))
    levels = [np.median([f.loudness_db for f in r.frames[20:90]]) for r in (plain, softer)]
    assert levels[0] - levels[1] == pytest.approx(6, abs=0.1)


def test_the_clip_light(tmp_path, tiny_path):
    t = np.arange(RATE // 4) / RATE
    path = tmp_path / "hot.wav"
    soundfile.write(path, np.clip(1.5 * np.sin(2 * np.pi * 330 * t), -1, 1), RATE)
    hot = render(path, tiny_path)
    share = 2 * np.arccos(1 / 1.5) / np.pi
    assert hot.input_clips == pytest.approx(share * len(t), rel=0.05)
    assert render(path, tiny_path, settings=Settings(input_trim=-1)).input_clips == 0


def test_small_parts():
    audio = np.array([0.5, -1.0, 1.0, 0.9999], "f4")
    assert clipped_samples(audio) == 2
    assert trimmed(audio, Settings()) is audio
    sound = np.ones((6, 2), "f4")
    assert with_dry(sound, audio, Settings()) is sound
    mixed = with_dry(sound, audio, Settings(mix=0))
    assert np.array_equal(mixed[:, 1], [*audio, 0, 0]) and np.all(sound == 1)
