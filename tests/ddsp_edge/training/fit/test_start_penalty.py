"""A network that is trained on keeps its answers where nothing was recorded, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit.start_penalty import StartPenalty  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.networks.model import SIZES, EdgeDecoder  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402
from ddsp_edge.units import scale_f0, scale_loudness  # noqa: E402

PLAN = Plan(
    warm_steps=0, steps=60, batch=2, frames=41, context=20, warm_frames=120, run_in=5, rate=5e-3,
    start="Toy", size="small", brightness=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def start():
    torch.manual_seed(5)
    return EdgeDecoder(SIZES["small"]).eval()


def penalty(start, dataset):
    rate = dataset.profile.frame_rate
    return StartPenalty(start, dataset.train, dataset.summary, rate)


def asked(penalty, network, seed=3):
    with torch.no_grad():
        return float(penalty(network, np.random.default_rng(seed)))


def test_the_same_network_costs_nothing_and_another_does(start, toy_dataset):
    held = penalty(start, toy_dataset)
    assert asked(held, start) == 0.0
    other = EdgeDecoder(SIZES["small"])
    assert asked(held, other) > 0.01  # nepers; two that have learnt nothing are alike
    assert asked(held, other) == asked(held, other, 3) != asked(held, other, 4)
    held(other, np.random.default_rng(1)).backward()
    assert other.head.bias.grad.abs().sum() > 0
    assert all(p.grad is None for p in start.parameters())


def test_it_weighs_most_where_nothing_was_recorded(start, toy_dataset):
    """The toy's notes are D3 to D5, none louder than the summary says."""
    held = penalty(start, toy_dataset)
    usable = [p.usable for p in toy_dataset.train]
    f0 = np.concatenate([p.f0_hz[u] for p, u in zip(toy_dataset.train, usable, strict=True)])
    loud = np.concatenate(
        [p.loudness_db[u] for p, u in zip(toy_dataset.train, usable, strict=True)]
    )
    inside = held.weight(69 + 12 * np.log2(f0 / 440), loud)
    beyond = held.weight(np.array([47.0, 60.0, 77.0, 20.0, 120.0]), np.array([-20, -1, -20, 0, 0]))
    assert inside.max() < 1.0 and np.median(inside) < 0.8
    assert np.all(beyond == 1.0)


def answers(network, hz, loudness_db):
    f0 = torch.full((1, 40), float(scale_f0(np.array(hz))))
    pw = torch.full((1, 40), float(scale_loudness(np.array(loudness_db))))
    with torch.no_grad():
        amplitude, harmonics, _ = network.sequence(f0, pw)
    return torch.log((amplitude[..., None] * harmonics)[0, -1] + 1e-5)


def test_training_on_moves_what_was_not_heard_less_with_it(start, toy_dataset, tmp_path):
    moved = {}
    for hold in (0.0, 20.0):
        plan = replace(PLAN, hold=hold)
        trainer = Trainer(toy_dataset, tmp_path / f"{hold}", plan, start=start)
        assert (trainer.hold is None) == (hold == 0.0)
        trainer.train()
        far = [answers(net, 660.0, -3.0) for net in (trainer.model, start)]
        moved[hold] = float((far[0] - far[1]).abs().mean())
    assert moved[20.0] < 0.6 * moved[0.0]


def test_a_new_network_is_not_held(toy_dataset, tmp_path):
    plan = replace(PLAN, start="", warm_steps=2)
    assert Trainer(toy_dataset, tmp_path, plan).hold is None
