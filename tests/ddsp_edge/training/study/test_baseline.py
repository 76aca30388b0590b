import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import fast  # noqa: E402
from ddsp_edge.training.study import baseline  # noqa: E402


def test_the_plain_recipe_is_vst_gins(vst_dataset, tmp_path):
    plan = baseline.plain_plan(30_000)
    assert (plan.batch, plan.frames, plan.rate) == (16, 201, 3e-4)
    short = baseline.replace(plan, frames=26)  # the toy has no 4 s
    trainer = baseline.PlainTrainer(vst_dataset, tmp_path, short)
    assert trainer.model.state_size == 512 and trainer.profile.sample_rate == 16_000
    assert trainer._set_rate(warm=False) == 3e-4
    trainer.step = 10_000
    assert trainer._set_rate(warm=False) == pytest.approx(0.98 * 3e-4)


def test_its_loss_is_zero_for_the_target_itself_and_counts_every_window():
    audio = 0.1 * torch.randn(1, 8000)
    assert float(baseline.plain_loss(audio, audio)) < 1e-4
    assert float(baseline.plain_loss(audio, 2 * audio)) > 6 * np.log(2) * 0.99


def test_its_reverb_adds_what_comes_later_only():
    reverb = baseline.NoiseReverb()
    dry = torch.zeros(1, 4000)
    dry[0, 1000] = 1.0
    wet = reverb(dry).detach()
    assert wet[0, 1000] == pytest.approx(1.0, abs=1e-4)
    assert wet[0, :1000].abs().max() < 1e-5 < wet[0, 1001:].abs().max()
    assert reverb.response().grad_fn is not None


def test_a_run_gives_one_line_of_the_table(vst_dataset, tmp_path, monkeypatch):
    small = baseline.replace(baseline.plain_plan(2), batch=2, frames=26)
    monkeypatch.setattr(baseline, "_planned", lambda *_: (small, baseline.PlainTrainer))
    usable = fast.usable
    row = baseline.run_step("plain", vst_dataset, tmp_path, 60.0)
    assert row["steps"] == 2 and 1.0 < row["loss"] < 50.0
    assert fast.usable is usable
    assert json.loads(json.dumps(row))["text"].startswith("plain, 2 steps")
