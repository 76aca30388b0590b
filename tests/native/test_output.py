"""Gain and reverb: exact when dry, stable and clean whatever the setting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from voice_tracks import rms_db

from native.kernel import MAX_BLOCK, Output

TINY = np.finfo(np.float32).tiny


def process(output: Output, mono: np.ndarray, block: Callable[[], int] = lambda: 256) -> np.ndarray:
    """(n,) to (n, 2) in blocks of ``block()`` samples."""
    mono = np.asarray(mono, np.float32)
    stereo = np.full((len(mono), 2), np.nan, np.float32)
    at = 0
    while at < len(mono):
        end = min(at + block(), len(mono))
        output.process(mono[at:end], stereo[at:end])
        at = end
    return stereo


def settle(output: Output) -> None:
    """Let every ramp reach its target, with silence."""
    process(output, np.zeros(8192))


def is_clean(x: np.ndarray) -> bool:
    return bool(np.isfinite(x).all() and not ((x != 0) & (np.abs(x) < TINY)).any())


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, n).astype(np.float32)


def impulse_response(rate: int, size: float, damping: float, duration_s: float) -> np.ndarray:
    """Wet only, (n, 2)."""
    output = Output(rate)
    output.set_reverb(size, damping, 1.0)
    settle(output)
    mono = np.zeros(round(duration_s * rate))
    mono[0] = 1.0
    return process(output, mono)


def decay_time(response: np.ndarray, rate: int) -> float:
    """RT60 in seconds from the slope between -5 and -35 dB (Schroeder's integral)."""
    energy = np.cumsum(np.square(response.astype(float)).sum(1)[::-1])[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-30)
    first, last = np.argmax(level < -5.0), np.argmax(level < -35.0)
    return float(2.0 * (last - first) / rate)


def test_dry_is_exactly_gain_times_input() -> None:
    output = Output(48000)
    x = noise(5000)
    np.testing.assert_array_equal(process(output, x), np.stack([x, x], 1))
    output.set_gain(0.3, 1.7)
    settle(output)
    expected = x[:, None] * np.array([0.3, 1.7], np.float32)
    np.testing.assert_array_equal(process(output, x), expected)


def test_dry_is_exact_again_after_reverb() -> None:
    output = Output(48000)
    x = noise(48000)
    output.set_reverb(1.0, 0.0, 0.5)
    assert np.abs(process(output, x) - x[:, None]).max() > 0.1
    output.set_reverb(1.0, 0.0, 0.0)
    settle(output)
    np.testing.assert_array_equal(process(output, x), np.stack([x, x], 1))
    # The old tail does not come back.
    output.set_reverb(1.0, 0.0, 1.0)
    assert not process(output, np.zeros(48000)).any()


def test_gain_ramps_over_10_ms() -> None:
    output = Output(48000)
    output.set_gain(0.0, 2.0)
    out = process(output, np.ones(960))
    expected = np.interp(np.arange(1, 961), [0, 480], [1.0, 0.0])
    np.testing.assert_allclose(out[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(out[:, 1], 2.0 - expected, atol=1e-6)


def test_the_same_gain_again_does_not_prolong_the_ramp() -> None:
    output = Output(48000)
    out = np.zeros((10, 48, 2), np.float32)
    for part in out:
        output.set_gain(0.5, 0.5)
        output.process(np.ones(48, np.float32), part)
    np.testing.assert_array_equal(out[-1, -1], [0.5, 0.5])


def test_reset_clears_the_tail_and_ends_ramps() -> None:
    output = Output(48000)
    output.set_reverb(0.8, 0.2, 1.0)
    process(output, noise(20000))
    output.set_gain(0.25, 0.25)
    output.reset()
    assert not process(output, np.zeros(20000)).any()
    output.set_reverb(0.0, 0.0, 0.0)
    output.reset()
    np.testing.assert_array_equal(process(output, np.ones(10)), 0.25)


def test_block_size_does_not_matter() -> None:
    random = np.random.default_rng(4)
    x = noise(20000)

    def run(block: Callable[[], int]) -> np.ndarray:
        output = Output(44100)
        parts = []
        for part, settings in zip(
            np.split(x, 4), [(0.2, 0.1, 0.9), (1, 0.9, 0.1)] * 2, strict=True
        ):
            output.set_reverb(*settings)
            output.set_gain(settings[0], settings[1])
            parts.append(process(output, part, block))
        return np.concatenate(parts)

    expected = run(lambda: MAX_BLOCK)
    for block in (lambda: 1, lambda: 63, lambda: int(random.integers(1, 900))):
        np.testing.assert_allclose(run(block), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
@pytest.mark.parametrize(("size", "rt60_s"), [(0.0, 0.3), (0.5, 1.55), (1.0, 8.0)])
def test_size_sets_the_decay(rate: int, size: float, rt60_s: float) -> None:
    response = impulse_response(rate, size, 0.0, min(1.2 * rt60_s + 0.3, 6.0))
    # The faint low-pass even at damping 0 shortens the long rooms.
    assert 0.6 * rt60_s < decay_time(response, rate) < 1.15 * rt60_s


def test_damping_darkens_the_tail() -> None:
    def brightness(damping: float) -> float:
        tail = impulse_response(48000, 0.6, damping, 0.8)[14400:, 0]
        power = np.abs(np.fft.rfft(tail)) ** 2
        hz = np.fft.rfftfreq(len(tail), 1 / 48000)
        return float((hz * power).sum() / power.sum())

    centres = [brightness(damping) for damping in (0.0, 0.5, 1.0)]
    assert centres[0] > 2 * centres[1] > 4 * centres[2]


def test_the_room_is_dense_and_wide() -> None:
    response = impulse_response(48000, 0.5, 0.3, 0.6).astype(float)
    late = response[4800:24000]
    left, right = late.T
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2
    assert abs(rms_db(left) - rms_db(right)) < 1.5
    # No flutter: within a tenth of a second most samples sound.
    part = np.abs(response[9600:14400, 0])
    assert np.mean(part > 0.05 * part.max()) > 0.5


@pytest.mark.parametrize("size", [0.0, 0.5, 1.0])
def test_levels_stay_musical(size: float) -> None:
    """A little wet leaves the level; full wet is about as loud as dry."""
    hz = np.fft.rfftfreq(192000, 1 / 48000)
    x = np.fft.irfft(np.fft.rfft(noise(192000)) / (1 + hz / 500))  # as music falls off
    for wet, tolerance_db in ((0.15, 0.7), (1.0, 4.0)):
        output = Output(48000)
        output.set_reverb(size, 0.3, wet)
        level = rms_db(process(output, x)[96000:]) - rms_db(x)
        assert abs(level) < tolerance_db, (wet, level)


def test_dc_neither_grows_nor_rings() -> None:
    output = Output(48000)
    output.set_reverb(1.0, 0.0, 1.0)
    out = process(output, np.ones(48000 * 12))
    assert np.abs(out).max() < 3.0
    assert np.abs(out[-4800:].mean()) < 0.01


@pytest.mark.parametrize(("size", "damping"), [(0.0, 0.0), (0.0, 1.0), (0.5, 0.5), (1.0, 1.0)])
def test_tail_ends_in_exact_zeros_without_denormals(size: float, damping: float) -> None:
    rate = 8000
    output = Output(rate)
    output.set_reverb(size, damping, 1.0)
    process(output, noise(rate))
    tail = process(output, np.zeros(rate * 50))
    assert is_clean(tail)
    assert tail[: rate // 2].any()
    assert not tail[-rate:].any()


def test_every_setting_is_stable() -> None:
    """Ten seconds of noise into each extreme, and jumping between them."""
    output = Output(8000)
    loudest = 0.0
    for size in (0.0, 1.0):
        for damping in (0.0, 1.0):
            output.set_reverb(size, damping, 1.0)
            loudest = max(loudest, np.abs(process(output, noise(80000))).max())
    assert loudest < 8.0
    random = np.random.default_rng(1)
    for _ in range(2000):
        output.set_reverb(*random.random(3))
        out = process(output, noise(40))
        assert np.abs(out).max() < 8.0


def test_turning_knobs_does_not_click() -> None:
    rate = 48000
    t = np.arange(rate) / rate
    x = (0.5 * np.sin(2 * np.pi * 100 * t)).astype(np.float32)
    output = Output(rate)
    output.set_reverb(0.5, 0.5, 0.3)
    process(output, x)
    for settings in [(0.0, 0.5, 0.3), (1.0, 0.5, 0.3), (1.0, 0.0, 0.3), (1.0, 1.0, 1.0), (1, 1, 0)]:
        output.set_reverb(*settings)
        out = process(output, x)
        # A 100 Hz sine of 0.5 has a second difference of 0.5 (2 pi 100 / rate)^2 = 9e-5.
        assert np.abs(np.diff(out.astype(float), 2, axis=0)).max() < 1e-3, settings


def test_a_knob_turned_again_within_its_ramp_does_not_click() -> None:
    rate = 48000
    x = (0.5 * np.sin(2 * np.pi * 100 * np.arange(rate // 2) / rate)).astype(np.float32)
    output = Output(rate)
    output.set_reverb(0.0, 0.5, 1.0)
    output.set_gain(0.0, 0.0)
    process(output, x)
    parts = []
    for i, part in enumerate(np.split(x, 100)):  # every 5 ms
        output.set_reverb(i % 2, 0.5, 1.0)
        output.set_gain(i % 2, 1 - i % 2)
        parts.append(process(output, part))
    out = np.concatenate(parts).astype(float)
    assert np.abs(out).max() > 0.05
    # The corners of the ramps remain: slopes, not steps.
    assert np.abs(np.diff(out, 2, axis=0)).max() < 3e-3


HOSTILE = st.sampled_from([np.nan, np.inf, -np.inf, 1e-45, 1e-39, -1e-39, 1e38, -1e38, 0.0, 1.0])


@given(st.lists(HOSTILE, min_size=5, max_size=5), st.lists(HOSTILE, min_size=1, max_size=50))
def test_nothing_bad_comes_out(settings: list[float], samples: list[float]) -> None:
    output = Output(48000)
    output.set_gain(settings[0], settings[1])
    output.set_reverb(*settings[2:])
    for _ in range(3):
        assert is_clean(process(output, np.resize(np.array(samples, np.float32), 700)))
    # It recovers: bad samples leave nothing behind for good.
    output.set_reverb(0.5, 0.5, 0.2)
    output.set_gain(1.0, 1.0)
    output.reset()
    assert np.abs(process(output, noise(3000))).max() < 3.0


@pytest.mark.parametrize("arguments", [(7999,), (384001,), (np.nan,), (48000, 0), (48000, 8193)])
def test_prepare_refuses_what_is_out_of_range(arguments: tuple) -> None:
    with pytest.raises(ValueError, match="outside the range"):
        Output(*arguments)
