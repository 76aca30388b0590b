"""DDSP-VST's network: what is trained is what is exported."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the trainer needs the extra `train`")

from ddsp_edge.training.networks.vst_model import STATE_SIZE, VstModel  # noqa: E402


def test_one_frame_at_a_time_is_the_same_as_many_at_once() -> None:
    torch.manual_seed(5)
    model = VstModel(channels=16, state_size=24, n_harmonics=10, n_noise=8).eval()
    f0, pw = torch.rand(1, 30) * 0.6 + 0.3, torch.rand(1, 30)
    decoder, state = model.frame_decoder(), torch.zeros(24)
    with torch.no_grad():
        wanted = model.sequence(f0, pw)
        for i in range(30):
            *controls, state = decoder(f0[0, i : i + 1], pw[0, i : i + 1], state)
            for ours, theirs in zip(controls, wanted, strict=True):
                assert torch.allclose(ours.reshape(-1), theirs[0, i].reshape(-1), atol=1e-6)


def test_the_size_of_the_plug_in_s_recipe() -> None:
    model = VstModel()
    assert model.parameters_count() == pytest.approx(7.5e6 / 4, rel=0.01)
    amplitude, harmonics, noise = model.sequence(torch.full((2, 3), 0.5), torch.ones(2, 3))
    assert (amplitude.shape, harmonics.shape, noise.shape) == ((2, 3), (2, 3, 60), (2, 3, 65))
    assert STATE_SIZE == 512


def test_no_harmonic_above_8_khz_and_gradients_reach_every_weight() -> None:
    torch.manual_seed(5)
    model = VstModel(channels=16, state_size=24)
    f0 = torch.full((1, 4), (69 + 12 * 1) / 127)  # 880 Hz
    amplitude, harmonics, noise = model.sequence(f0, torch.ones(1, 4))
    assert not harmonics[..., 9:].any()
    assert torch.allclose(harmonics.sum(dim=-1), torch.ones(1, 4), atol=1e-4)
    (amplitude.sum() + (harmonics**2).sum() + noise.sum()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
