"""The C loops and plain torch are the same sound, the same loss and the same gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training import c_loops  # noqa: E402
from ddsp_edge.training.fit import losses, synth  # noqa: E402
from native import training  # noqa: E402

pytestmark = pytest.mark.skipif(not training.AVAILABLE, reason="native._training is not built")


@pytest.fixture
def plain(monkeypatch):
    """What follows runs in plain torch, as on a GPU."""
    return lambda: monkeypatch.setattr(c_loops, "usable", lambda _: False)


def with_gradient(function, x, weight):
    x = x.detach().clone().requires_grad_()
    y = function(x)
    (y * weight).sum().backward()
    return y.detach(), x.grad


@pytest.mark.parametrize(
    ("rate", "hop", "n"), [(48_000, 240, 100), (16_000, 320, 60), (8000, 7, 5)]
)
def test_harmonics(rate, hop, n, plain):
    torch.manual_seed(1)
    f0 = 70.0 + 900.0 * torch.rand(3, 1) + 30.0 * torch.rand(3, 9)
    raw = torch.rand(3, 9, n)
    weight = torch.randn(3, 8 * hop)

    def sound(x):
        amplitudes = synth.mask_and_normalise(torch.ones(3, 9), x, f0, rate / 2)
        return synth.harmonic(amplitudes, f0, rate, hop)

    ours, our_slope = with_gradient(sound, raw, weight)
    plain()
    theirs, their_slope = with_gradient(sound, raw, weight)
    assert ours.abs().max() > 0.1
    assert torch.allclose(ours, theirs, atol=2e-4)
    assert torch.allclose(our_slope, their_slope, atol=2e-4 * float(their_slope.abs().max()))


@pytest.mark.parametrize("level", [1.0, 1e-3, 1e-20, 1e-23, 0.0])
def test_loss(level, plain):
    """Also for targets so soft that their power is a denormal number."""
    torch.manual_seed(2)
    audio, target = 0.1 * torch.randn(2, 6000), level * torch.randn(2, 6000)

    def loss(x):
        return losses.multi_scale_spectral(x, target)

    ours, our_slope = with_gradient(loss, audio, torch.tensor(1.0))
    plain()
    theirs, their_slope = with_gradient(loss, audio, torch.tensor(1.0))
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)
    assert torch.allclose(our_slope, their_slope, atol=1e-4 * float(their_slope.abs().max()))


def test_a_loss_of_silence_has_a_finite_gradient():
    x = torch.zeros(1, 6000, requires_grad=True)
    losses.multi_scale_spectral(x, 0.1 * torch.randn(1, 6000)).backward()
    assert torch.isfinite(x.grad).all()


def test_wrong_shapes_and_types_are_refused():
    amplitudes, phase = np.zeros((3, 5), np.float32), np.zeros(20, np.uint32)
    count = np.full(2, 5, np.int32)
    assert training.harmonic(amplitudes, phase, count, 10).shape == (20,)
    with pytest.raises(ValueError, match="phases"):
        training.harmonic(amplitudes, phase, count, 9)
    with pytest.raises(ValueError, match="of 5 harmonics"):
        training.harmonic(amplitudes, phase, count + 1, 10)
    with pytest.raises(ValueError, match="float32"):
        training.harmonic(amplitudes.astype(np.float64), phase, count, 10)
    with pytest.raises(ValueError, match="length"):
        training.harmonic_gradient(np.zeros(19, np.float32), phase, count, 10, 5)
    spectrum = np.zeros((4, 9), np.complex64)
    with pytest.raises(ValueError, match="spectra"):
        training.spectral(spectrum, spectrum[:3], 1e-5)
