import numpy as np
import pytest

from ddsp_edge.training.data.features import pitch_lag_s, prepare_piece
from ddsp_edge.training.profiles import EDGE, VST
from ddsp_edge.training.recipes import Recipe
from native.kernel import Analyser

RECIPE = Recipe("Toy", "toy", False, 50.0, 1900.0, "CC0 1.0", "made by the test")


def sung(f0_hz: np.ndarray, rate: int, tilt: float = 1.0) -> np.ndarray:
    phase = np.cumsum(f0_hz) / rate
    below = [k for k in range(1, 40) if k * f0_hz.max() < 0.45 * rate]
    return (0.15 * sum(np.sin(2 * np.pi * k * phase) / k**tilt for k in below)).astype(np.float32)


def vibrato(f0_hz: float, rate: int, seconds: float = 2.0) -> np.ndarray:
    time_s = np.arange(int(seconds * rate)) / rate
    return f0_hz * 2 ** (50 / 1200 * np.sin(2 * np.pi * 5.5 * time_s))


@pytest.mark.parametrize("f0_hz", [65.0, 110.0, 220.0, 440.0, 1320.0])
def test_the_lag_is_the_delay_of_the_analyser(f0_hz):
    """No other constant delay within 4 ms fits a vibrato notably better."""
    f0 = vibrato(f0_hz, 48_000)
    rows = Analyser(48_000, 0.005).process(sung(f0, 48_000))[80:-20]
    said = 1200 * np.log2(rows["f0_hz"])

    def error(late_s: np.ndarray) -> float:
        at = np.clip(rows["position"] - late_s * 48_000, 0, len(f0) - 1).astype(int)
        return float(np.sqrt(np.mean((said - 1200 * np.log2(f0[at])) ** 2)))

    lag = pitch_lag_s(np.full(len(rows), f0_hz))
    best = min(error(lag + d) for d in np.arange(-0.004, 0.0041, 0.0005))
    assert error(lag) < best + 0.6  # cents; 1 ms of error makes 1.2 more


@pytest.mark.parametrize("profile", [EDGE, VST], ids=["edge", "vst"])
def test_the_synthesis_pitch_is_that_of_the_described_sound(profile):
    rate = profile.sample_rate
    f0 = vibrato(330.0, rate, 3.0)
    piece = prepare_piece(sung(f0, rate), RECIPE, profile)
    frames = len(piece.audio) // profile.hop
    described_s = (np.arange(frames) + 1) / profile.frame_rate - profile.latency_s
    truth = f0[np.clip(described_s * rate, 0, len(f0) - 1).astype(int)]
    cents = 1200 * np.log2(piece.synth_f0_hz / truth)[frames // 5 : -frames // 5]
    assert np.abs(cents).max() < 5.0
    assert piece.harmonics.shape == (frames, profile.n_harmonics)
    assert piece.noise.shape == (frames, profile.n_noise)
    assert piece.weight[frames // 5 : -frames // 5].mean() > 0.95


def test_noise_and_a_tone_in_as_much_noise_are_not_trusted():
    rng = np.random.default_rng(1)
    noise = (0.2 * rng.uniform(-1, 1, 96_000)).astype(np.float32)
    tone = sung(np.full(96_000, 300.0), 48_000)
    assert prepare_piece(noise, RECIPE, EDGE).weight.mean() < 0.02
    loud_noise = noise * float(np.std(tone) / np.std(noise))
    assert prepare_piece(tone + loud_noise, RECIPE, EDGE).weight[20:].mean() < 0.2
    assert prepare_piece(tone + 0.1 * loud_noise, RECIPE, EDGE).weight[20:].mean() > 0.9


def test_silence_is_trusted_and_holds_a_pitch():
    tone = sung(np.full(48_000, 300.0), 48_000)
    tone[-4800:] *= np.linspace(1, 0, 4800, dtype=np.float32)
    piece = prepare_piece(np.concatenate([tone, np.zeros(48_000, np.float32)]), RECIPE, EDGE)
    assert piece.weight[-150:].min() == 1.0
    assert np.all(np.abs(piece.f0_hz[-150:] - 300.0) < 3.0)
    assert piece.harmonics[-150:].max() < 1e-4
