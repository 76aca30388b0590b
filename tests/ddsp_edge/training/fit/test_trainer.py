from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

PLAN = Plan(warm_steps=12, steps=8, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_training_lowers_the_held_out_loss(toy_dataset, tmp_path):
    plan = Plan(
        warm_steps=150, steps=40, warm_batch=4, warm_frames=120, batch=4, frames=41, context=20
    )
    trainer = Trainer(toy_dataset, tmp_path, plan)
    before = trainer.held_out_loss(trainer.model)
    model = trainer.train()
    after = trainer.held_out_loss(model)
    assert after < 0.8 * before
    assert after == pytest.approx(min(row["held_out"] for row in trainer.history))


@pytest.mark.parametrize(("cut_at", "timbre"), [(5, 0.0), (12, 0.0), (16, 0.0), (16, 0.4)])
def test_an_interrupted_run_ends_as_the_whole_one(cut_at, timbre, toy_dataset, tmp_path):
    plan = replace(PLAN, timbre=timbre)
    whole = Trainer(toy_dataset, tmp_path / "whole", plan)
    whole.train()

    def interrupt(progress):
        if progress.step == cut_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(toy_dataset, tmp_path / "cut", plan).train(interrupt)
    resumed = Trainer(toy_dataset, tmp_path / "cut", plan)
    assert resumed.step == cut_at
    resumed.train()
    assert torch.equal(weights(resumed.model), weights(whole.model))
    assert torch.equal(weights(resumed.average), weights(whole.average))
    assert resumed.history == whole.history


def test_a_checkpoint_of_other_options_is_refused(toy_dataset, tmp_path):
    Trainer(toy_dataset, tmp_path, PLAN).save()
    other = Plan(**{**PLAN.__dict__, "seed": 9})
    with pytest.raises(UserError, match=r"--seed 1 .now 9."):
        Trainer(toy_dataset, tmp_path, other)
    assert Trainer(toy_dataset, tmp_path, other, fresh=True).step == 0
    (tmp_path / "checkpoint.pt").write_bytes(b"junk")
    with pytest.raises(UserError, match="cannot be read"):
        Trainer(toy_dataset, tmp_path, PLAN)


def test_minutes_bound_the_run(toy_dataset, tmp_path):
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    trainer.train(minutes=0.0)
    assert trainer.step == 0 and (tmp_path / "checkpoint.pt").exists()


def test_all_frames_are_heard_at_the_pitch_that_is_shown(toy_dataset, tmp_path):
    doubtful = [replace(p, weight=np.zeros_like(p.weight)) for p in toy_dataset.train[1:]]
    dataset = replace(toy_dataset, train=[toy_dataset.train[0], *doubtful])
    clear = Trainer(dataset, tmp_path / "clear", PLAN)
    everything = Trainer(dataset, tmp_path / "all", replace(PLAN, all_frames=True))
    assert {which for which, _ in clear.crops.places} == {0}
    assert {which for which, _ in everything.crops.places} == set(range(len(dataset.train)))
    last = everything.crops.at(np.array([len(everything.crops.places) - 1]))
    which, at = everything.crops.places[-1]
    shown = dataset.train[which].f0_hz[at - PLAN.context : at + PLAN.frames]
    assert np.array_equal(last["synth_f0_hz"][0].numpy(), shown)
