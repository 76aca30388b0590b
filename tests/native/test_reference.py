"""The C voice against its NumPy reference, and the reference against first principles."""

from __future__ import annotations

import numpy as np
import pytest
from reference_synth import ControlEvent, ReferenceVoice, harmonic_amplitudes
from voice_tracks import control, play, random_track, rms_db

from native.kernel import Voice

RATES = [8000, 16000, 22050, 44100, 48000, 96000, 192000]
VST = (60, 65, 8000.0, 0.02)  # DDSP-VST: harmonics, noise bands, band limit, hop
EDGE = (100, 65, 24000.0, 0.005)
LARGEST = (128, 129, 24000.0, 0.0031)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("model", [VST, EDGE, LARGEST], ids=["vst", "edge", "largest"])
@pytest.mark.parametrize("rate", RATES)
def test_kernel_agrees_to_80_db(rate: int, model: tuple, seed: int) -> None:
    n_harmonics, n_noise, band_limit_hz, hop_s = model
    reference = ReferenceVoice(rate, n_harmonics, n_noise, band_limit_hz, seed)
    events = random_track(reference, hop_s, 0.25, seed)
    expected = reference.render(events, 0.25)
    voice = Voice(rate, n_harmonics, n_noise, band_limit_hz, seed=seed)
    error = play(voice, events, 0.25, rate) - expected
    assert rms_db(error) - rms_db(expected) < -100.0
    assert np.abs(error).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("ramp_s", [0.0, 0.005, 0.013])
def test_sums_and_tables_follow_each_other(ramp_s: float) -> None:
    """Few harmonics are summed, many come from a table: from frame to frame, also half way."""
    rate, duration_s = 48000, 0.4
    reference = ReferenceVoice(rate, 128, 0, 24000.0)
    events = []
    for i, count in enumerate([5, 128, 20, 33, 32, 0, 100, 3, 60, 128] * 4):
        weights = np.where(np.arange(128) < count, 1.0 + np.arange(128) % 3, 0.0)
        frame = control(reference, 90.0 + 2.0 * (i % 3), 0.5 if count else 0.0, weights)
        events.append(ControlEvent(0.01 * i, frame, ramp_s))
    expected = reference.render(events, duration_s)
    error = play(Voice(rate, 128, 0, 24000.0), events, duration_s, rate) - expected
    assert rms_db(error) - rms_db(expected) < -100.0


@pytest.mark.parametrize("f0_hz", [55.0, 220.3, 431.7])
def test_a_table_leaves_nothing_between_the_harmonics(f0_hz: float) -> None:
    """Images of the taps: below -100 dB of the strongest harmonic, weak or strong ones."""
    rate, count = 48000, 50
    voice = Voice(rate, count, 0, 24000.0)
    weights = np.linspace(1.0, 0.1, count)
    event = ControlEvent(0.0, control(voice, f0_hz, 0.9, weights), 0.001)
    out = play(voice, [event], 1.4, rate)[4800:].astype(float)
    level = np.abs(np.fft.rfft(out * np.kaiser(len(out), 20.0)))
    hz = np.fft.rfftfreq(len(out), 1 / rate)
    near = np.abs(hz / f0_hz - np.round(hz / f0_hz)) * f0_hz < 12.0
    near &= np.round(hz / f0_hz) <= count
    assert 20 * np.log10(level[~near].max() / level.max()) < -100.0


@pytest.mark.parametrize(("f0_hz", "count"), [(30.0, 100), (431.7, 20), (2000.0, 10)])
def test_a_minute_does_not_drift(f0_hz: float, count: int) -> None:
    """The phase is exact: no error grows with time."""
    rate = 48000
    voice = Voice(rate, count, 0, 24000.0)
    out = play(voice, [ControlEvent(0.0, control(voice, f0_hz, 0.5), 0.001)], 60.0, rate)
    n = np.arange(len(out) - rate, len(out))
    turns = n * (float(np.float32(f0_hz)) / rate)
    k = np.arange(1, count + 1)[:, None]
    expected = 0.5 / count * np.sin(2 * np.pi * ((k * turns) % 1.0)).sum(0)
    assert rms_db(out[-rate:] - expected) - rms_db(expected) < -100.0


def test_reference_is_a_plain_sum_of_sines() -> None:
    """So that kernel and reference cannot be wrong together."""
    voice = ReferenceVoice(16000, 3, 0, 8000.0)
    out = voice.render([ControlEvent(0.0, control(voice, 100.0, 0.6, [1, 2, 0]), 0.0)], 0.1)
    t = np.arange(1600) / 16000
    expected = 0.2 * np.sin(2 * np.pi * 100 * t) + 0.4 * np.sin(2 * np.pi * 200 * t)
    np.testing.assert_allclose(out, expected, atol=1e-9)


def test_mask_comes_before_the_sharing_and_fade_after() -> None:
    masked = harmonic_amplitudes(1000.0, 1.0, np.ones(20), 48000.0, 8000.0)
    np.testing.assert_allclose(masked[:7], 1 / 7)
    assert not masked[7:].any()  # the 8th lies on the limit
    faded = harmonic_amplitudes(1000.0, 1.0, np.ones(20), 16000.0, 24000.0)
    np.testing.assert_allclose(faded[:7], 1 / 20)
    np.testing.assert_allclose(faded[7:], 0.0, atol=1e-12)
    half = harmonic_amplitudes(7600.0, 1.0, np.ones(1), 16000.0, 24000.0)
    np.testing.assert_allclose(half, 0.5)
