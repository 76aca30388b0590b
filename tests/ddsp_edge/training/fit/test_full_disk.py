"""A disk that is full when a training writes: one line, and nothing on stderr."""

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.training.fit.checkpoint import save  # noqa: E402
from ddsp_edge.training.fit.run_log import RunLog  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

PLAN = Plan(warm_steps=1, steps=1, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20)
FULL = r"cannot be written \(No space left on device\)"


def test_a_checkpoint(tmp_path):
    (tmp_path / "checkpoint.pt").symlink_to("/dev/full")
    with pytest.raises(UserError, match=rf"checkpoint\.pt: {FULL}"):
        save(tmp_path / "checkpoint.pt", {"weights": torch.zeros(100_000)})


def test_log_and_samples(toy_dataset, tmp_path, capfd):
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    log = RunLog(trainer, toy_dataset)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "recording.wav").symlink_to("/dev/full")
    with pytest.raises(UserError, match=rf"recording\.wav: {FULL}"):
        log.sample()
    (tmp_path / "log.jsonl").unlink()
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(UserError, match=rf"log\.jsonl: {FULL}"):
        trainer.train(log)
    assert capfd.readouterr().err == ""
