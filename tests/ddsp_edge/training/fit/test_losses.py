import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge import evaluation  # noqa: E402
from ddsp_edge.training.fit import losses  # noqa: E402


def test_it_is_the_loss_that_evaluation_reports():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 0.1, (2, 24_000)).astype(np.float32)
    ours = losses.multi_scale_spectral(torch.from_numpy(a)[None], torch.from_numpy(b)[None])
    assert float(ours) == pytest.approx(evaluation.multi_scale_spectral_loss(a, b), rel=1e-3)


def test_nothing_to_improve_is_zero_and_silence_has_a_gradient():
    a = torch.randn(1, 8000) * 0.1
    assert float(losses.multi_scale_spectral(a, a)) < 1e-3
    quiet = torch.zeros(1, 8000, requires_grad=True)
    losses.multi_scale_spectral(quiet, a).backward()
    assert torch.isfinite(quiet.grad).all()


def test_warm_start_ignores_frames_without_weight():
    h, n = torch.rand(1, 4, 10), torch.rand(1, 4, 5)
    other_h, other_n = h.clone(), n.clone()
    other_h[0, 2], other_n[0, 2] = 1.0, 1.0
    weight = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    assert float(losses.warm_start(h, n, other_h, other_n, weight)) == 0
    assert float(losses.warm_start(h, n, other_h, other_n, torch.ones(1, 4))) > 0


def test_band_energy_does_not_mind_which_noise_but_how_much():
    a, b = torch.randn(2, 1, 48_000) * 0.1
    same = float(losses.band_energy(a, b, 16_000))
    louder = float(losses.band_energy(2 * a, b, 16_000))
    assert same < 0.25
    assert louder == pytest.approx(np.log(2), abs=0.1)


def test_a_difference_in_level_is_told_in_nepers_and_silence_costs_nothing():
    rate = 48_000
    tone = 0.1 * torch.sin(torch.arange(rate // 2) * 0.03)[None]
    soft = (tone * math.exp(-0.5)).requires_grad_()
    found = losses.level(soft, tone, rate)
    assert float(found.detach()) == pytest.approx(0.5, abs=1e-3)
    found.backward()
    assert torch.isfinite(soft.grad).all()
    assert float(losses.level(0 * tone, 1e-7 * tone, rate)) == pytest.approx(0.0, abs=1e-3)
    # Where only a quarter of the time differs, so does a quarter of the stretches.
    part = tone.clone()
    part[:, : rate // 8] *= math.exp(0.8)
    assert float(losses.level(part, tone, rate)) == pytest.approx(0.2, abs=0.02)
