"""A student learns what a teacher says, and the search keeps what it has found."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.export.to_tflite import torch_step  # noqa: E402
from ddsp_edge.training.fit.distillation import DistillationData, DistilPlan, distil  # noqa: E402
from ddsp_edge.training.fit.teacher import Teacher  # noqa: E402
from ddsp_edge.training.networks.feed_forward import FeedForwardDecoder, FeedForwardShape  # noqa: E402
from ddsp_edge.training.networks.model import EdgeDecoder, FrameDecoder, Shape  # noqa: E402
from ddsp_edge.training.study import network_search  # noqa: E402
from ddsp_edge.training.study.network_search_plot import draw, excess_percent  # noqa: E402

PLAN = DistilPlan(steps=60, batch=4, frames=80, skip=20)


@pytest.fixture(scope="module")
def teacher():
    torch.manual_seed(2)
    model = EdgeDecoder(Shape(hidden=8, state_size=8, dense=8))
    with torch.no_grad():
        model.head.weight.mul_(6)
    return model.eval()


@pytest.fixture(scope="module")
def material(teacher, toy_dataset):
    return DistillationData(Teacher(torch_step(FrameDecoder(teacher)), 8), toy_dataset)


def test_the_exported_step_equals_the_sequence(teacher):
    rng = np.random.default_rng(0)
    f0, loudness = rng.uniform(0.3, 0.6, (2, 30)).astype(np.float32)
    played = Teacher(torch_step(FrameDecoder(teacher)), 8).controls(f0, loudness)
    with torch.no_grad():
        wanted = teacher.sequence(torch.from_numpy(f0)[None], torch.from_numpy(loudness)[None])
    for found, expected in zip(played, wanted, strict=True):
        np.testing.assert_allclose(found, expected[0].numpy(), rtol=1e-3, atol=1e-6)


def test_a_student_comes_close_to_its_teacher(material):
    torch.manual_seed(3)
    student = FeedForwardDecoder(FeedForwardShape(widths=(16,)))
    before, losses = material.held_out_loss(student.sequence), []
    distil(student, material, PLAN, lambda step, loss: losses.append(loss))
    after, wanted = material.held_out_loss(student.sequence), material.teacher_loss()
    assert len(losses) == PLAN.steps
    assert abs(after - wanted) < 0.5 * abs(before - wanted)


def test_the_same_seed_gives_the_same_student(material):
    def weights():
        torch.manual_seed(4)
        student = FeedForwardDecoder(FeedForwardShape(widths=(8,)))
        distil(student, material, DistilPlan(steps=5, batch=2, frames=60, skip=10))
        return torch.cat([p.detach().flatten() for p in student.parameters()])

    assert torch.equal(weights(), weights())


def test_a_search_does_nothing_twice_and_is_drawn(
    monkeypatch, tmp_path, toy_folder, toy_recipe, capsys
):
    pytest.importorskip("litert_torch", reason="exporting needs the extra `train`")
    monkeypatch.setitem(network_search.RECIPES, "violin", toy_recipe)
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / toy_recipe.folder).symlink_to(toy_folder)
    results = tmp_path / "data" / "found.json"
    arguments = [str(tmp_path / "audio"), "--instruments", "violin", "--candidates", "smoothed24"]
    arguments += ["--steps", "2", "--work", str(tmp_path), "--results", str(results)]
    network_search.main(arguments)
    rows = json.loads(results.read_text())
    assert [row["candidate"] for row in rows] == ["smoothed24"]
    assert rows[0]["parameters"] == 7038
    assert -100 < excess_percent(rows[0]) < 1000  # two steps teach nothing
    assert rows[0]["int8_us"] > 0
    capsys.readouterr()
    network_search.main(arguments)
    assert capsys.readouterr().out == ""
    assert json.loads(results.read_text()) == rows
    draw(rows, tmp_path / "found.png")
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")
