import json

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit.run_log import RunLog  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

PLAN = Plan(warm_steps=4, steps=6, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20)


def rows(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_log_samples_and_plots(toy_dataset, tmp_path):
    pytest.importorskip("matplotlib")
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    log = RunLog(trainer, toy_dataset)
    trainer.train(log)
    log.sample()
    found = rows(tmp_path)
    assert [row["step"] for row in found] == [4, 10]
    assert [row["stage"] for row in found] == ["warm", "audio"]
    assert found[-1]["held_out"] == pytest.approx(trainer.history[-1]["held_out"])
    assert 0 < found[0]["seconds"] <= found[1]["seconds"] and found[1]["rate"] > 0
    ours, rate = soundfile.read(tmp_path / "samples" / "step-000010.wav")
    theirs, _ = soundfile.read(tmp_path / "samples" / "recording.wav")
    assert rate == 48_000 and abs(len(ours) - len(theirs)) <= 480
    assert np.abs(ours).max() > 0.01 and np.abs(theirs).max() > 0.01
    for picture in ("samples/step-000010.png", "loss.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_the_run_log_does_not_affect_training(toy_dataset, tmp_path):
    alone = Trainer(toy_dataset, tmp_path / "alone", PLAN)
    alone.train()
    watched = Trainer(toy_dataset, tmp_path / "watched", PLAN)
    watched.train(RunLog(watched, toy_dataset, every_s=0.0))
    for a, b in zip(alone.model.parameters(), watched.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_resumed_log_has_no_step_twice_and_survives_half_a_line(toy_dataset, tmp_path):
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    trainer.train(RunLog(trainer, toy_dataset))
    lines = (tmp_path / "log.jsonl").read_text()
    ahead = json.dumps({"step": 99, "stage": "audio", "loss": 1, "held_out": None}) + "\n"
    (tmp_path / "log.jsonl").write_text(lines + ahead + '{"step": 1')
    RunLog(Trainer(toy_dataset, tmp_path, PLAN), toy_dataset)
    assert (tmp_path / "log.jsonl").read_text() == lines
