"""The sound that is trained is the sound that is played."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import synth  # noqa: E402
from native.kernel import Voice  # noqa: E402

RATE, HOP = 48_000, 240


def play(f0_hz, amplitude, harmonics, noise):
    """The kernel's sound of the same frames; frame 0 is reached before sample 0 is kept."""
    voice = Voice(RATE, harmonics.shape[1], noise.shape[1], RATE / 2)
    blocks = []
    for i in range(len(f0_hz)):
        voice.set_frame(float(f0_hz[i]), float(amplitude[i]), harmonics[i], noise[i], HOP / RATE)
        block = np.zeros(HOP, np.float32)
        voice.render(block)
        blocks.append(block)
    return np.concatenate(blocks[1:])


def band_levels(audio):
    """dB in sixteen bands."""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    return np.array([10 * np.log10(b.sum() + 1e-20) for b in np.array_split(power, 16)])


def test_harmonics_are_the_kernels():
    rng = np.random.default_rng(1)
    frames = 41
    f0 = 300 * 2 ** (np.cumsum(rng.normal(0, 0.01, frames)))
    amplitude = rng.uniform(0.2, 0.5, frames)
    harmonics = rng.uniform(0.1, 1, (frames, 100)) / np.arange(1, 101) ** 2
    noise = np.zeros((frames, 65))
    with torch.no_grad():
        f0_t = torch.tensor(f0, dtype=torch.float32)[None]
        parts = synth.mask_and_normalise(
            torch.tensor(amplitude, dtype=torch.float32)[None],
            torch.tensor(harmonics, dtype=torch.float32)[None],
            f0_t,
            RATE / 2,
        )
        ours = synth.harmonic(parts, f0_t, RATE, HOP).numpy()[0]
    theirs = play(f0, amplitude, harmonics.astype(np.float32), noise.astype(np.float32))
    # The starting phase differs: compare spectra.
    assert np.abs(band_levels(ours)[:8] - band_levels(theirs)[:8]).max() < 0.5
    assert np.sqrt(np.mean(ours**2)) == pytest.approx(np.sqrt(np.mean(theirs**2)), rel=0.03)


def test_noise_is_the_kernels():
    frames = 401
    shape = np.interp(np.arange(65), [0, 8, 30, 64], [0.02, 0.3, 0.1, 0.01]).astype(np.float32)
    noise = np.tile(shape, (frames, 1))
    generator = torch.Generator().manual_seed(3)
    ours = synth.noise(torch.from_numpy(noise)[None], RATE, HOP, generator).numpy()[0]
    theirs = play(np.full(frames, 100.0), np.zeros(frames), np.ones((frames, 4)), noise)
    assert np.abs(band_levels(ours) - band_levels(theirs)).max() < 1.0


def test_gradients_reach_every_control():
    amplitudes = torch.full((1, 5, 8), 0.1, requires_grad=True)
    magnitudes = torch.full((1, 5, 65), 0.1, requires_grad=True)
    sound = synth.harmonic(amplitudes, torch.full((1, 5), 200.0), RATE, HOP)
    sound = sound + synth.noise(magnitudes, RATE, HOP, torch.Generator().manual_seed(0))
    sound.square().sum().backward()
    assert (amplitudes.grad.abs() > 0).all()
    assert (magnitudes.grad.abs() > 0).any(dim=-1).all()
