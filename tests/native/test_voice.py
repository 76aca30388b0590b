"""The voice: ramps, band limits, noise, and what bad frames cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_synth import ControlEvent
from voice_tracks import control, play, random_track, rms_db, set_frame

from ddsp_edge.evaluation import lone_clicks
from native.kernel import MAX_BLOCK, MAX_HARMONICS, MAX_NOISE_BANDS, Voice

TINY = np.finfo(np.float32).tiny


def is_clean(x: np.ndarray) -> bool:
    """No NaN, no infinity, no denormal."""
    return bool(np.isfinite(x).all() and not ((x != 0) & (np.abs(x) < TINY)).any())


def spectrum(x: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz, amplitudes of a Kaiser-windowed transform (side lobes -120 dB)."""
    window = np.kaiser(len(x), 16.0)
    return np.fft.rfftfreq(len(x), 1 / rate), np.abs(np.fft.rfft(x * window)) / window.sum() * 2


def psd(x: np.ndarray, size: int, rate: int) -> np.ndarray:
    """One-sided power a hertz: Welch, Hann, half overlap; shape (size / 2 + 1,)."""
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return 2 * power.mean(0) / (rate * np.square(window).sum())


def noise_of(rate: int, magnitudes: np.ndarray, limit_hz: float, duration_s: float) -> np.ndarray:
    voice = Voice(rate, 0, len(magnitudes), limit_hz, seed=7)
    events = [ControlEvent(0.0, control(voice, noise=magnitudes), 0.0)]
    return play(voice, events, duration_s, rate)[rate // 10 :]


def test_block_size_does_not_matter() -> None:
    random = np.random.default_rng(5)
    whole = Voice(48000, 100, 65, 24000.0)
    events = random_track(whole, 0.005, 0.3, 3)
    expected = play(whole, events, 0.3, 48000, lambda: MAX_BLOCK)
    for block in (lambda: 1, lambda: 17, lambda: int(random.integers(1, 700))):
        out = play(Voice(48000, 100, 65, 24000.0), events, 0.3, 48000, block)
        np.testing.assert_allclose(out, expected, atol=1e-6)


def test_same_seed_same_sound_and_reset_starts_over() -> None:
    voice = Voice(48000, 60, 65, 8000.0, seed=3)
    events = random_track(voice, 0.02, 0.2, 1)
    first = play(voice, events, 0.2, 48000)
    voice.reset()
    np.testing.assert_array_equal(play(voice, events, 0.2, 48000), first)
    other = play(Voice(48000, 60, 65, 8000.0, seed=4), events, 0.2, 48000)
    assert np.abs(other - first).max() > 1e-3


def test_silence_before_the_first_frame() -> None:
    out = np.ones(1000, np.float32)
    Voice(48000, 60, 65, 8000.0).render(out)
    assert not out.any()


def test_released_voice_becomes_exactly_silent() -> None:
    voice = Voice(48000, 60, 65, 8000.0)
    on = ControlEvent(0.0, control(voice, 220.0, 0.5, 1.0, 0.1), 0.01)
    off = ControlEvent(0.1, control(voice), 0.01)
    out = play(voice, [on, off], 0.2, 48000)
    assert rms_db(out[2000:4800]) > -30.0
    assert not out[round(0.13 * 48000) :].any()


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_harmonics_lie_where_asked(rate: int) -> None:
    voice = Voice(rate, 5, 0, 24000.0)
    weights = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    event = ControlEvent(0.0, control(voice, 440.0, 0.3, weights), 0.001)
    out = play(voice, [event], 1.1, rate)[rate // 10 :]
    hz, level = spectrum(out, rate)
    for k, weight in enumerate(weights, 1):
        near = np.abs(hz - 440.0 * k) < 20.0
        assert hz[near][level[near].argmax()] == pytest.approx(440.0 * k, abs=0.6)
        assert level[near].max() == pytest.approx(0.3 * weight / 15.0, rel=0.01)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_nothing_above_the_models_band_nor_folded_back(rate: int) -> None:
    limit = 8000.0
    voice = Voice(rate, 100, 0, limit)
    out = play(voice, [ControlEvent(0.0, control(voice, 329.3, 0.9), 0.001)], 1.1, rate)
    hz, level = spectrum(out[rate // 10 :], rate)
    allowed = np.abs((hz / 329.3) - np.round(hz / 329.3)) * 329.3 < 8.0
    allowed &= (hz < limit) & (hz > 300.0)
    assert 20 * np.log10(level[~allowed].max() / level.max()) < -90.0


def test_a_vibrato_across_nyquist_fades_and_does_not_fold() -> None:
    """The highest harmonic is gone before it would come back as an alias."""
    rate = 16000
    voice = Voice(rate, 8, 0, 24000.0)
    weights = np.zeros(8)
    weights[7] = 1.0
    times = np.arange(0.0, 1.0, 0.005)
    pitches = 970.0 + 50.0 * np.sin(2 * np.pi * 6 * times)  # the 8th: 7360 .. 8160 Hz
    events = [
        ControlEvent(t, control(voice, f0_hz, 1.0, weights), 0.005)
        for t, f0_hz in zip(times, pitches, strict=True)
    ]
    out = play(voice, events, 1.0, rate)
    # A frame's pitch is reached when the next one is set.
    heard_hz = 8 * np.interp(np.arange(len(out)) / rate - 0.005, times, pitches)
    assert np.abs(out[heard_hz >= 8000.0]).max() < 0.03
    assert np.abs(out[heard_hz < 7500.0]).max() > 0.6
    assert np.abs(out[np.abs(heard_hz - 7800.0) < 20.0]).max() == pytest.approx(0.25, abs=0.05)


def test_amplitude_ramps_linearly_and_holds() -> None:
    rate = 48000
    voice = Voice(rate, 1, 0, 24000.0)
    up = ControlEvent(0.0, control(voice, 6000.0, 0.8), 0.1)
    down = ControlEvent(0.3, control(voice, 6000.0, 0.2), 0.1)
    out = play(voice, [up, down], 0.6, rate)
    envelope = np.abs(out[2::4])  # at 6 kHz every eighth of a turn; these are the peaks
    t = (np.arange(len(envelope)) * 4 + 3) / rate
    expected = np.interp(t, [0.0, 0.1, 0.3, 0.4, 0.6], [0.0, 0.8, 0.8, 0.2, 0.2])
    np.testing.assert_allclose(envelope, expected, atol=1e-4)


def test_a_ramp_cut_short_goes_on_from_where_it_was() -> None:
    rate = 48000
    voice = Voice(rate, 1, 0, 24000.0)
    events = [
        ControlEvent(0.0, control(voice, 100.0, 1.0), 0.1),
        ControlEvent(0.05, control(voice, 100.0, 0.0), 0.1),
    ]
    out = play(voice, events, 0.15, rate)
    # A full-scale 100 Hz sine moves 0.0131 a sample; a jump would be 0.5.
    assert np.abs(np.diff(out)).max() < 0.02
    assert np.abs(out).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("ramp_s", [0.005, 0.02])
def test_no_click_at_frame_edges(ramp_s: float) -> None:
    """Amplitude, pitch and timbre jump every frame; the samples do not."""
    rate = 48000
    voice = Voice(rate, 4, 0, 24000.0)
    random = np.random.default_rng(2)
    events = [
        ControlEvent(t, control(voice, random.uniform(80, 160), random.random(), 1.0), ramp_s)
        for t in np.arange(0.0, 0.5, ramp_s)
    ]
    out = play(voice, events, 0.5, rate)
    # Slope of the worst sine at full level, and of the steepest ramp.
    allowed = 2 * np.pi * 4 * 160 / rate + 1.0 / (ramp_s * rate)
    assert np.abs(np.diff(out)).max() < allowed
    assert np.abs(np.diff(out, 2)).max() < 0.3 * allowed


def test_f0_glides_while_sounding_and_jumps_while_silent() -> None:
    rate = 48000

    def pitch_at(events: list[ControlEvent], time_s: float) -> float:
        out = play(Voice(rate, 1, 0, 24000.0), events, 1.0, rate)
        around = out[round((time_s - 0.05) * rate) : round((time_s + 0.05) * rate)]
        rising = np.flatnonzero((around[:-1] < 0) & (around[1:] >= 0))
        exact = rising - around[rising] / (around[rising + 1] - around[rising])
        return float(rate * (len(exact) - 1) / (exact[-1] - exact[0]))

    shape = Voice(rate, 1, 0, 24000.0)
    low = ControlEvent(0.0, control(shape, 200.0, 0.5), 0.01)
    high = ControlEvent(0.4, control(shape, 400.0, 0.5), 0.4)
    rest = ControlEvent(0.2, control(shape, 0.0, 0.0), 0.01)
    assert pitch_at([low, high], 0.6) == pytest.approx(300.0, abs=2.0)
    assert pitch_at([low, rest, high], 0.6) == pytest.approx(400.0, abs=0.5)
    # No pitch: the note fades where it is, it does not dive.
    fade = ControlEvent(0.4, control(shape, 0.0, 0.5), 0.5)
    assert pitch_at([low, fade], 0.7) == pytest.approx(200.0, abs=0.5)


@pytest.mark.parametrize(
    ("rate", "limit_hz"),
    [(16000, 8000.0), (48000, 24000.0), (48000, 8000.0), (8000, 8000.0), (192000, 24000.0)],
)
def test_noise_has_the_spectrum_asked_for(rate: int, limit_hz: float) -> None:
    bands = 65
    magnitudes = 0.05 + 0.5 * (1.0 + np.cos(np.linspace(0.0, 5 * np.pi, bands)))
    out = noise_of(rate, magnitudes, limit_hz, 12.0 if rate < 100000 else 5.0)
    size = 512 * max(1, round(rate / 2 / limit_hz))
    hz = np.fft.rfftfreq(size, 1 / rate)
    found = psd(out, size, rate)
    wanted = np.interp(hz, np.linspace(0, limit_hz, bands), magnitudes) ** 2 / (3 * limit_hz)
    inside = (hz > 0.03 * limit_hz) & (hz < 0.97 * min(limit_hz, rate / 2))
    # The window's own blur fills valleys: judge where the level is well above them.
    judged = inside & (wanted > 0.05 * wanted.max())
    error = 10 * np.log10(found[judged] / wanted[judged])
    assert np.abs(error).max() < 1.0
    assert np.abs(error.mean()) < 0.15
    above = hz > limit_hz * 1.1
    if above.any():
        assert 10 * np.log10(found[above].max() / found.max()) < -50.0  # the window leaks


def test_flat_noise_is_white_noise_of_the_models_rate() -> None:
    """Gains of 1 at the model's own rate: variance 1/3, as uniform noise has."""
    out = noise_of(16000, np.ones(65), 8000.0, 20.0)
    assert out.var(dtype=float) * 3 == pytest.approx(1.0, rel=0.02)


def test_noise_has_no_line_or_flutter_at_the_hop_rate() -> None:
    rate = 16000
    out = noise_of(rate, np.ones(65), 8000.0, 40.0).astype(float)
    # Autocorrelation at hop and frame lengths: independent frames leave none.
    for lag in (64, 128, 192, 256):
        assert abs(np.mean(out[lag:] * out[:-lag]) / out.var()) < 0.01
    # The power at each place within a hop is the same.
    hop = out[: len(out) // 64 * 64].reshape(-1, 64)
    power = np.square(hop).mean(0)
    assert np.abs(10 * np.log10(power / power.mean())).max() < 0.5
    hz, level = spectrum(np.square(out) - np.square(out).mean(), rate)
    line = level[np.abs(hz - rate / 64) < 1.0].max()
    around = level[np.abs(hz - rate / 64) < 40.0]
    assert line < 5.0 * np.sqrt(np.mean(np.square(around)))


def test_noise_ramps() -> None:
    rate = 16000
    voice = Voice(rate, 0, 65, 8000.0)
    events = [ControlEvent(0.0, control(voice, noise=1.0), 1.0)]
    out = play(voice, events, 1.5, rate)
    early, middle, late = (rms_db(out[round(t * rate) :][:1600]) for t in (0.05, 0.45, 1.2))
    assert middle - early == pytest.approx(20 * np.log10(5.0), abs=1.5)
    assert late - middle == pytest.approx(20 * np.log10(2.0), abs=1.0)


HOSTILE = st.sampled_from(
    [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-45, 1e-38, 1e-20, 1e38, -1e38, 0.5, 1e6]
) | st.floats(width=32)


@given(st.lists(st.tuples(*[HOSTILE] * 6), min_size=1, max_size=6))
def test_no_frame_can_break_the_voice(frames: list[tuple[float, ...]]) -> None:
    voice = Voice(48000, 7, 5, 8000.0)
    out = np.zeros(600, np.float32)
    for f0_hz, amplitude, weight, other, noise, ramp_s in frames:
        weights = np.array([weight, other, 1.0, weight, 0.0, other, weight], np.float32)
        gains = np.array([noise, other, noise, 0.0, weight], np.float32)
        voice.set_frame(f0_hz, amplitude, weights, gains, ramp_s)
        voice.render(out)
        assert is_clean(out)
        assert np.abs(out).max() < 200.0
    # And it plays as ever afterwards.
    set_frame(voice, control(voice, 440.0, 0.5), 0.01)
    for _ in range(20):
        voice.render(out)
    assert np.abs(out).max() == pytest.approx(0.4, abs=0.1)


def test_tiny_amplitudes_leave_no_denormals() -> None:
    voice = Voice(48000, 60, 65, 8000.0)
    out = np.zeros(4800, np.float32)
    for exponent in range(-45, -2):
        level = 10.0**exponent
        set_frame(voice, control(voice, 55.0, level, level, level), 0.03)
        voice.render(out)
        assert is_clean(out)


@pytest.mark.parametrize(
    "arguments",
    [
        (7999.0, 60, 65, 8000.0),
        (384001.0, 60, 65, 8000.0),
        (np.nan, 60, 65, 8000.0),
        (48000, -1, 65, 8000.0),
        (48000, MAX_HARMONICS + 1, 65, 8000.0),
        (48000, 60, 1, 8000.0),
        (48000, 60, MAX_NOISE_BANDS + 1, 8000.0),
        (48000, 60, 65, 0.0),
        (48000, 60, 65, np.inf),
        (48000, 60, 65, np.nan),
        (48000, 60, 65, 8000.0, 0),
        (48000, 60, 65, 8000.0, MAX_BLOCK + 1),
    ],
)
def test_prepare_refuses_what_is_out_of_range(arguments: tuple) -> None:
    with pytest.raises(ValueError, match="outside the range"):
        Voice(*arguments)


@pytest.mark.parametrize("rate", [8000, 384000])
def test_the_ends_of_the_ranges_work(rate: int) -> None:
    for n_harmonics, n_noise, limit_hz in [(0, 0, 1000.0), (128, 129, 1000.0), (1, 2, 384000.0)]:
        voice = Voice(rate, n_harmonics, n_noise, limit_hz)
        out = play(voice, random_track(voice, 0.01, 0.05, 1), 0.05, rate)
        assert is_clean(out)


def test_frames_of_the_wrong_size_are_refused() -> None:
    voice = Voice(48000, 60, 65, 8000.0)
    with pytest.raises(ValueError, match="this voice takes"):
        voice.set_frame(440.0, 0.1, np.zeros(59), np.zeros(65), 0.01)


@pytest.mark.parametrize("ramp_s", [0.0015, 0.005, 0.02])
def test_wide_leaps_do_not_crack(ramp_s):
    """The lower pitch has a hundred harmonics: none may be swept through the high ones."""
    rng = np.random.default_rng(3)
    voice = Voice(48_000, 100, 0, 24_000.0)
    weights = (1.0 / np.arange(1, 101)).astype(np.float32)
    nothing = np.zeros(0, np.float32)
    pieces = []
    for hz in rng.choice([65.0, 98.0, 880.0, 1760.0, 3000.0], 40):
        voice.set_frame(float(hz), 0.3, weights, nothing, ramp_s)
        piece = np.empty(4800, np.float32)
        voice.render(piece)
        pieces.append(piece)
    sound = np.concatenate(pieces)[480:-480].astype(float)
    sound[:480] *= np.linspace(0, 1, 480)
    sound[-480:] *= np.linspace(1, 0, 480)
    assert lone_clicks(sound, 48_000) == 0
    # Nothing is louder than both together could be: no dip to silence either.
    two_periods = 1477  # of 65 Hz: in less, the power of one saw-tooth rises and falls by itself
    power = np.convolve(sound**2, np.ones(two_periods) / two_periods, "same")[1500:-1500]
    assert power.min() > 0.2 * np.median(power)
