"""A response is learnt sample by sample, and what is exported is of one step with its network."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import losses, synth  # noqa: E402
from ddsp_edge.training.fit.response import LearntResponse  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

PLAN = Plan(
    warm_steps=4, steps=8, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20,
    response=True,
)  # fmt: skip


def test_it_begins_as_silence_and_learns_what_is_there():
    generator = torch.Generator().manual_seed(1)
    dry = torch.randn(2, 9600, generator=generator) * 0.1
    known = torch.zeros(9600)
    known[[0, 40, 900]] = torch.tensor([0.3, -0.4, 0.2])
    target = synth.reverberate(dry, known)
    learner = LearntResponse(9600)
    assert torch.equal(learner(dry), dry)
    optimiser = torch.optim.Adam(learner.parameters(), lr=5e-3)
    first = float(losses.multi_scale_spectral(learner(dry), target))
    for _ in range(80):
        optimiser.zero_grad()
        # A known sound: sample by sample, so that there is one answer.
        (learner(dry) - target).square().mean().backward()
        optimiser.step()
    assert float(losses.multi_scale_spectral(learner(dry), target)) < 0.8 * first
    found = learner.samples()
    assert set(np.argsort(-np.abs(found))[:3]) == {0, 40, 900}


def test_the_network_waits_for_the_response(toy_dataset, tmp_path):
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    trainer.RESPONSE_ALONE = 5
    weights, responses = [], []

    def look(_):
        weights.append(torch.cat([p.detach().flatten() for p in trainer.model.parameters()]))
        responses.append(trainer.room.free.detach().clone())

    trainer.train(look)
    alone = slice(PLAN.warm_steps, PLAN.warm_steps + 5)
    assert all(torch.equal(w, weights[PLAN.warm_steps - 1]) for w in weights[alone])
    assert not torch.equal(weights[-1], weights[PLAN.warm_steps - 1])
    assert not torch.equal(responses[PLAN.warm_steps], responses[PLAN.warm_steps + 1])


def test_an_interrupted_run_ends_with_the_same_response(toy_dataset, tmp_path):
    whole = Trainer(toy_dataset, tmp_path / "whole", PLAN)
    whole.train()

    def interrupt(progress):
        if progress.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(toy_dataset, tmp_path / "cut", PLAN).train(interrupt)
    again = Trainer(toy_dataset, tmp_path / "cut", PLAN)
    assert again.step == 7
    again.train()
    assert np.array_equal(again.best_response(), whole.best_response())
    assert torch.equal(again.average_room.free, whole.average_room.free)
    assert float(whole.average_room.free.detach().abs().max()) > 0


def test_a_run_without_one_has_none(toy_dataset, tmp_path):
    assert Trainer(toy_dataset, tmp_path, replace(PLAN, response=False)).best_response() is None
