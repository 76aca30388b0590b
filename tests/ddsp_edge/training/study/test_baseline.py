import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training import c_loops  # noqa: E402
from ddsp_edge.training.study import baseline, plain_recipe  # noqa: E402
from native import training  # noqa: E402


def test_the_plain_recipe_is_vst_gins(vst_dataset, tmp_path):
    plan = plain_recipe.plain_plan(30_000)
    assert (plan.batch, plan.frames, plan.rate) == (16, 201, 3e-4)
    short = replace(plan, frames=26)  # the toy has no 4 s
    trainer = plain_recipe.PlainTrainer(vst_dataset, tmp_path, short)
    assert trainer.model.state_size == 512 and trainer.profile.sample_rate == 16_000
    assert trainer._set_rate(warm=False) == 3e-4
    trainer.step = 10_000
    assert trainer._set_rate(warm=False) == pytest.approx(0.98 * 3e-4)


def test_its_loss_is_zero_for_the_target_itself_and_counts_every_window():
    audio = 0.1 * torch.randn(1, 8000)
    assert float(plain_recipe.plain_loss(audio, audio)) < 1e-4
    assert float(plain_recipe.plain_loss(audio, 2 * audio)) > 6 * np.log(2) * 0.99


def test_its_loss_in_c_is_that_in_torch_with_its_gradient(monkeypatch):
    torch.manual_seed(3)
    target = torch.randn(2, 6000) * torch.linspace(0.0, 0.1, 6000) ** 4  # much of it below LEAST
    audio = (0.1 * target + 1e-7 * torch.randn(2, 6000)).requires_grad_()
    found = []
    for quick in (True, False):
        monkeypatch.setattr(c_loops, "usable", lambda _, quick=quick: quick and training.AVAILABLE)
        loss = plain_recipe.plain_loss(audio, target)
        found.append((float(loss.detach()), torch.autograd.grad(loss, audio)[0]))
    (ours, slope), (theirs, wanted) = found
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert torch.allclose(slope, wanted, atol=1e-3 * float(wanted.abs().max()))


def test_its_reverb_adds_what_comes_later_only():
    reverb = plain_recipe.NoiseReverb()
    dry = torch.zeros(1, 4000)
    dry[0, 1000] = 1.0
    wet = reverb(dry).detach()
    assert wet[0, 1000] == pytest.approx(1.0, abs=1e-4)
    assert wet[0, :1000].abs().max() < 1e-5 < wet[0, 1001:].abs().max()
    assert reverb.response().grad_fn is not None


def test_it_runs_to_its_end_in_pieces(vst_dataset, tmp_path, monkeypatch, capsys):
    plan = baseline.plain_plan
    monkeypatch.setattr(
        baseline, "plain_plan", lambda steps: replace(plan(steps), batch=2, frames=26)
    )
    whole = baseline.run_to_the_end(vst_dataset, tmp_path / "whole", 3, np.inf)
    one_step = baseline.PlainTrainer._one_step

    def interrupted(trainer):
        if trainer.step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return one_step(trainer)

    with monkeypatch.context() as patch:
        patch.setattr(baseline.PlainTrainer, "_one_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            baseline.run_to_the_end(vst_dataset, tmp_path / "cut", 3, np.inf)
    capsys.readouterr()
    gone_on = baseline.run_to_the_end(vst_dataset, tmp_path / "cut", 3, np.inf)
    assert capsys.readouterr().out.startswith("plain: step 2 of 3")
    assert gone_on["steps"] == whole["steps"] == 3 and gone_on["loss"] == whole["loss"]


def test_two_processes_end_at_the_same_step(vst_dataset, tmp_path, monkeypatch):
    plan = replace(baseline.plain_plan(2), batch=2, frames=26)
    monkeypatch.setattr(baseline, "plain_plan", lambda steps: replace(plan, steps=steps))
    row = baseline.run_to_the_end(vst_dataset, tmp_path, 2, np.inf, bfloat16=True, processes=2)
    assert row["steps"] == 2 and 1.0 < row["loss"] < 50.0
    again = baseline.run_to_the_end(vst_dataset, tmp_path, 2, np.inf)
    assert again["loss"] == row["loss"]


def test_a_run_gives_one_line_of_the_table(vst_dataset, tmp_path, monkeypatch):
    small = replace(baseline.plain_plan(2), batch=2, frames=26)
    monkeypatch.setattr(baseline, "_planned", lambda *_: (small, baseline.PlainTrainer))
    usable = c_loops.usable
    row = baseline.run_step("plain", vst_dataset, tmp_path, 60.0)
    assert row["steps"] == 2 and 1.0 < row["loss"] < 50.0
    assert c_loops.usable is usable
    assert json.loads(json.dumps(row))["text"].startswith("plain, 2 steps")


def test_what_it_cannot_do_is_one_line(tmp_path, capsys):
    out = tmp_path / "out.json"
    words = [str(tmp_path / "none"), "--recipe", "violin", "--out", str(out)]
    words += ["--work", str(tmp_path / "work")]
    assert baseline.main([*words, "--to-the-end", "10"]) == 2
    assert capsys.readouterr().err.startswith("ddsp-edge: error: ") and not out.exists()
    out.write_text("{}")
    assert baseline.main(words) == 2 and "--out" in capsys.readouterr().err
