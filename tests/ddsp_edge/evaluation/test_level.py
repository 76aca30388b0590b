import numpy as np
import pytest
from sounds import RATE, shaped, tone

from ddsp_edge.evaluation import (
    click_ratio,
    lone_clicks,
    loudness_correlation,
    loudness_track,
    peak_dbfs,
)

HOP_S = 0.005
HOP = round(HOP_S * RATE)


def test_peak():
    assert peak_dbfs(np.array([0.1, -0.5])) == pytest.approx(-6.02, abs=0.01)
    assert peak_dbfs(np.zeros(5)) == -200
    assert peak_dbfs(np.zeros(0)) == -200


def test_loudness_of_a_sine_is_its_mean_square():
    track = loudness_track(0.5 * np.sin(np.arange(RATE) * 0.1), RATE)
    assert track[20:80] == pytest.approx(-9.03, abs=0.1)


def swelling(level_db, seconds=3.0):
    """A tone whose level moves through ``level_db``."""
    t = np.arange(round(seconds * RATE)) / RATE
    db = np.interp(t, np.linspace(0, seconds, len(level_db)), level_db)
    return tone(300.0, seconds) * 10 ** (db / 20)


def test_loudness_correlation_tells_a_follower_from_others():
    dynamics = [-10, -50, -20, -40, -5, -12, -45]
    voice = swelling(dynamics)
    assert loudness_correlation(voice, 0.5 * voice, RATE) > 0.99
    late = np.concatenate([np.zeros(RATE // 5), voice])
    assert loudness_correlation(voice, late, RATE) < 0.9
    assert loudness_correlation(voice, late, RATE, delay_s=0.2) > 0.999
    assert loudness_correlation(voice, swelling(dynamics[::-1]), RATE) < 0.7
    assert np.isnan(loudness_correlation(voice, np.zeros(len(voice)), RATE))


def noisy_tone(seconds=2.0):
    noise = np.random.default_rng(2).normal(0, 0.0005, round(seconds * RATE))
    return shaped(tone(196.0, seconds, partials=40) + noise, 0.05, 0.05)


def steps_at_edges(sound, size):
    """What a synthesiser does that jumps to each frame's level at once."""
    level = 1 + size * np.random.default_rng(3).uniform(-1, 1, len(sound) // HOP + 1)
    return sound * np.repeat(level, HOP)[: len(sound)]


def test_ramped_frames_pass_and_stepped_frames_do_not():
    sound = noisy_tone()
    assert click_ratio(sound, RATE, HOP_S) < 1.2
    level = 1 + 0.3 * np.random.default_rng(3).uniform(-1, 1, len(sound) // HOP + 2)
    ramps = np.interp(np.arange(len(sound)) / HOP, np.arange(len(level)), level)
    assert click_ratio(sound * ramps, RATE, HOP_S) < 1.2
    assert click_ratio(steps_at_edges(sound, 0.3), RATE, HOP_S) > 1.5
    edges = sound.copy()
    edges[::HOP] += 0.01
    assert click_ratio(edges, RATE, HOP_S) > 1.5


@pytest.mark.parametrize(("periods", "frames"), [(7, 9), (3, 4), (5, 8)])
def test_corners_of_a_string_that_meets_the_edges_are_no_clicks(periods, frames):
    n = np.arange(3 * RATE)
    phase = n * periods / (frames * HOP) % 1.0
    corners = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 60)) * 0.2
    assert click_ratio(corners, RATE, HOP_S) < 1.2
    assert click_ratio(steps_at_edges(corners, 0.3), RATE, HOP_S) > 1.5


def test_a_phase_jump_at_every_edge_is_seen():
    n = np.arange(2 * RATE)
    phase = (
        2 * np.pi * 220 * n / RATE
        + 0.05 * np.random.default_rng(4).normal(size=len(n) // HOP + 1).repeat(HOP)[: len(n)]
    )
    assert click_ratio(0.3 * np.sin(phase), RATE, HOP_S) > 5


@pytest.mark.parametrize("f0", [65.0, 196.0, 880.0])
def test_tones_noise_and_strokes_have_no_lone_clicks(f0):
    rng = np.random.default_rng(5)
    strokes = [shaped(tone(f0, 0.5, partials=60), 0.003, 0.01) for _ in range(4)]
    sound = np.concatenate(strokes)
    assert lone_clicks(sound, RATE) == 0
    assert lone_clicks(sound + rng.normal(0, 0.01, len(sound)), RATE) == 0
    assert lone_clicks(rng.normal(0, 0.1, 4 * RATE), RATE) == 0
    assert lone_clicks(np.zeros(RATE), RATE) == 0


def test_each_lone_click_is_counted():
    sound = noisy_tone()
    for count, at in enumerate((7_001, 30_000, 77_777), 1):
        sound[at : at + 20] += 0.05  # a step up and one down, within a millisecond
        assert lone_clicks(sound, RATE) == count


def test_a_sound_cut_off_at_the_end_clicks():
    assert lone_clicks(tone(220.0, 0.5)[: RATE // 2 - 50], RATE) >= 1
