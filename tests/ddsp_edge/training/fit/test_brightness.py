"""Louder must not be duller: the penalty, and that a network learns from it."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import brightness  # noqa: E402
from ddsp_edge.units import SILENCE_DB  # noqa: E402

SUMMARY = {"f0_low_hz": 200.0, "f0_high_hz": 800.0, "loudness_low_db": -40.0,
           "loudness_high_db": -12.0}  # fmt: skip


class Toy(torch.nn.Module):
    """Two harmonics; the second is ``slope`` nepers stronger from silence to 0 dB."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(slope))

    def sequence(self, f0_scaled, pw_scaled):
        second = torch.sigmoid(self.slope * (pw_scaled - 0.7))
        harmonics = torch.stack([1.0 - second, second], dim=-1)
        return torch.ones_like(pw_scaled), harmonics, torch.zeros(*pw_scaled.shape, 3)


def penalty(model, seed=1):
    return brightness.penalty(model, SUMMARY, 200.0, np.random.default_rng(seed))


def test_a_centroid_is_that_of_the_power():
    found = brightness.log_centroid(torch.tensor(0.5), torch.tensor([0.5, 0.0, 0.5]))
    assert float(found) == pytest.approx(math.log(2.0))


def test_a_fall_is_measured_from_the_brightest_softer_point():
    curves = torch.tensor([[1.0, 3.0, 2.0, 1.0], [0.0, 1.0, 1.0, 2.0]])
    assert float(brightness.fall(curves)) == pytest.approx((1.0 + 2.0) / 8)


def test_what_gets_brighter_costs_nothing_and_what_gets_duller_does():
    assert float(penalty(Toy(8.0))) == 0.0
    assert float(penalty(Toy(-8.0))) > 0.02
    assert float(penalty(Toy(-8.0))) > float(penalty(Toy(-2.0))) > 0.0


def test_a_network_that_gets_duller_learns_not_to():
    model = Toy(-8.0)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.5)
    for step in range(60):
        optimiser.zero_grad()
        loss = penalty(model, step)
        loss.backward()
        optimiser.step()
    assert float(penalty(model)) < 1e-3 and float(model.slope) > -0.5


def test_what_is_asked_for_lies_in_the_range_and_never_above_full_scale():
    asked = []

    class Listening(Toy):
        def sequence(self, f0_scaled, pw_scaled):
            asked.append((f0_scaled, pw_scaled))
            return super().sequence(f0_scaled, pw_scaled)

    for seed in range(20):
        brightness.penalty(Listening(1.0), {**SUMMARY, "loudness_high_db": -3.0}, 200.0,
                           np.random.default_rng(seed))  # fmt: skip
    f0, pw = (torch.cat(each) for each in zip(*asked, strict=True))
    notes = 127.0 * f0
    assert float(notes.min()) > 55.0 and float(notes.max()) < 80.0
    assert float(pw.min()) >= 1 + 40 / SILENCE_DB and float(pw.max()) <= 1.0
    assert torch.equal(f0[:, 0], f0[:, -1])
