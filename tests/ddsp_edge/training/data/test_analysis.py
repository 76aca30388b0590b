import numpy as np
import pytest

from ddsp_edge.training.data.analysis import analyse_targets

RATE = 48_000


def tone(f0_hz, amplitudes, seconds=1.0):
    t = np.arange(int(seconds * RATE)) / RATE
    return sum(a * np.sin(2 * np.pi * k * f0_hz * t) for k, a in enumerate(amplitudes, 1))


@pytest.mark.parametrize("f0_hz", [66.0, 220.0, 987.7])
def test_harmonics_of_a_known_tone(f0_hz):
    amplitudes = 0.3 / np.arange(1, 11) ** 1.2
    centres = np.linspace(0.3, 0.7, 50)
    found = analyse_targets(tone(f0_hz, amplitudes), RATE, centres, np.full(50, f0_hz), 100, 65)
    error_db = 20 * np.log10(np.median(found.harmonics, axis=0)[:10] / amplitudes)
    assert np.abs(error_db).max() < 0.3
    assert np.median(found.harmonics, axis=0)[10:].max() < 1e-3
    assert found.harmonicity.min() > 0.98


def test_noise_gain_means_what_the_kernel_means():
    """White noise, uniform in +-g, is gain g in every band, with or without a tone on it."""
    rng = np.random.default_rng(0)
    for f0_hz in (110.0, 440.0):
        noise = 0.05 * rng.uniform(-1, 1, RATE * 3)
        audio = noise + tone(f0_hz, [0.2, 0.1, 0.05], 3.0)
        centres = np.linspace(0.3, 2.7, 480)
        found = analyse_targets(audio, RATE, centres, np.full(480, f0_hz), 100, 65)
        level = np.sqrt(np.mean(found.noise[:, 2:-1] ** 2, axis=0))
        assert np.abs(20 * np.log10(level / 0.05)).max() < 1.5


def test_silence_has_no_targets():
    found = analyse_targets(np.zeros(RATE), RATE, np.array([0.5]), np.array([200.0]), 60, 65)
    assert found.harmonics.max() == 0 and found.noise.max() == 0
