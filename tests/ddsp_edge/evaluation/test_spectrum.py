import numpy as np
import pytest
from sounds import RATE, tone

from ddsp_edge.evaluation import multi_scale_spectral_loss, spectral_difference_db


def test_a_louder_copy_differs_by_its_gain():
    sound = tone(220.0, 1.0)
    assert spectral_difference_db(sound, sound) == 0
    louder = sound * 10 ** (0.5 / 20)
    assert spectral_difference_db(louder, sound) == pytest.approx(0.5, abs=1e-6)


def test_what_is_far_below_the_loudest_does_not_count():
    sound = tone(220.0, 1.0)
    hiss = np.random.default_rng(1).normal(0, 1e-5, len(sound))
    assert spectral_difference_db(sound + hiss, sound) < 0.05
    assert spectral_difference_db(sound + 300 * hiss, sound) > 0.2


def test_one_wrong_partial_shows():
    sound = tone(220.0, 1.0)
    wrong = sound + 0.05 * np.sin(2 * np.pi * 660 * np.arange(RATE) / RATE)
    assert spectral_difference_db(wrong, sound) > 0.2


def test_silence_where_there_should_be_sound_is_a_great_difference():
    sound = tone(220.0, 0.5)
    assert spectral_difference_db(np.zeros(len(sound)), sound) > 40
    assert spectral_difference_db(sound, np.zeros(len(sound))) == 0  # nothing to compare with


def test_multi_scale_loss_is_a_distance():
    sound = tone(220.0, 0.5)
    assert multi_scale_spectral_loss(sound, sound) == 0
    near, far = tone(221.0, 0.5), tone(311.0, 0.5)
    assert 0 < multi_scale_spectral_loss(near, sound) < multi_scale_spectral_loss(far, sound)
    assert multi_scale_spectral_loss(far, sound) == pytest.approx(
        multi_scale_spectral_loss(sound, far)
    )
    # Shorter than the longest window: padded.
    assert np.isfinite(multi_scale_spectral_loss(sound[:100], far[:100]))


def test_multi_scale_loss_of_half_the_level_is_known():
    """White noise: each log magnitude falls by ln 2, six sizes; a little more by magnitudes."""
    noise = np.random.default_rng(2).normal(0, 1e-2, RATE)
    loss = multi_scale_spectral_loss(0.5 * noise, noise)
    assert 6 * np.log(2) < loss < 6 * np.log(2) + 1.5
