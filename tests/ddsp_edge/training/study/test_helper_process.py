"""Two processes that share a batch compute the gradients of one."""

import os
import signal
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.training.study import plain_recipe  # noqa: E402
from ddsp_edge.training.study.helper_process import Helper, gradients  # noqa: E402

PLAN = replace(plain_recipe.plain_plan(5), batch=4, frames=26)


@pytest.fixture
def trainer(vst_dataset, tmp_path):
    return plain_recipe.PlainTrainer(vst_dataset, tmp_path / "run", PLAN, device="cpu")


def part(vst_dataset, folder, which):
    """The gradients of one half of the first batch, computed here."""
    alone = plain_recipe.PlainTrainer(vst_dataset, folder, PLAN, fresh=True, device="cpu")
    alone.part, alone.parts = which, 2
    return gradients(alone, 0)


def test_a_step_has_the_mean_of_both_halves_and_a_dead_process_is_one_line(
    trainer, vst_dataset, tmp_path, monkeypatch
):
    halves = [part(vst_dataset, tmp_path / f"{which}", which) for which in (0, 1)]
    helper = Helper(trainer, vst_dataset, tmp_path / "helper")
    try:
        before = [p.detach().clone() for p in trainer.model.parameters()]
        seen = []
        monkeypatch.setattr(
            torch.nn.utils,
            "clip_grad_norm_",
            lambda parameters, _: seen.extend(p.grad.clone() for p in parameters),
        )
        trainer._one_step()
        for found, ours, theirs in zip(seen, *halves, strict=False):
            mean = 0.5 * (ours + theirs)
            assert torch.allclose(found, mean, atol=1e-5 * float(mean.abs().max()) + 1e-9)
        assert len(seen) == len(before)
        assert not torch.equal(before[0], next(iter(trainer.model.parameters())))
        trainer._one_step()  # it has read the new weights
        os.kill(helper.process.pid, signal.SIGKILL)
        helper.process.join()
        with pytest.raises(UserError, match="goes on from the last checkpoint"):
            trainer._one_step()
    finally:
        helper.close()
    assert not helper.process.is_alive()


def test_it_ends_with_the_process_that_started_it(trainer, vst_dataset, tmp_path):
    helper = Helper(trainer, vst_dataset, tmp_path / "helper")
    os.kill(helper.process.pid, signal.SIGINT)  # Ctrl-C reaches both; it is the other's to end
    trainer._one_step()
    helper.close()
    assert helper.process.exitcode == 0
