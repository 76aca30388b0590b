"""A small network learns from a finished instrument, and then from the sound."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.library.catalog import find_model  # noqa: E402
from ddsp_edge.training.fit.teacher import LEAST_WEIGHT, Teacher  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402
from ddsp_edge.training.profiles import EDGE, VST  # noqa: E402
from ddsp_edge.units import scale_f0, scale_loudness  # noqa: E402

PLAN = Plan(
    warm_steps=120,
    steps=4,
    warm_batch=4,
    warm_frames=120,
    batch=2,
    frames=41,
    context=20,
    size="small",
)


@pytest.fixture(scope="module")
def teacher():
    return Teacher.of(find_model("cello"), EDGE)


def test_relabelled_targets_are_the_teachers_controls(teacher, toy_dataset):
    piece = toy_dataset.train[0]
    target = teacher.relabel(piece, EDGE)
    assert target.weight.min() >= np.float32(LEAST_WEIGHT) and target.audio is piece.audio
    inputs = (scale_f0(piece.f0_hz), scale_loudness(piece.loudness_db))
    amplitude, harmonics, noise = teacher.controls(*(x.astype(np.float32) for x in inputs))
    np.testing.assert_array_equal(target.noise, noise)
    heard = piece.synth_f0_hz[:, None] * np.arange(1, EDGE.n_harmonics + 1) < 24_000
    np.testing.assert_allclose(target.harmonics.sum(axis=1), amplitude, rtol=1e-3)
    assert not target.harmonics[~heard].any()
    loud = amplitude > 1e-3
    ratio = target.harmonics[loud][:, 1] / target.harmonics[loud][:, 0]
    np.testing.assert_allclose(ratio, harmonics[loud][:, 1] / harmonics[loud][:, 0], rtol=1e-3)


def test_a_small_network_learns_the_teachers_controls(teacher, toy_dataset, tmp_path):
    plan = replace(PLAN, teacher=teacher.text)
    trainer = Trainer(toy_dataset, tmp_path, plan, teacher=teacher)
    assert trainer.model.parameters_count() == 22_438 and trainer.model.shape.state_size == 32
    said = [float(trainer._warm_loss(trainer.warm.draw(np.random.default_rng(0))))]
    trainer.train()
    said.append(float(trainer._warm_loss(trainer.warm.draw(np.random.default_rng(0)))))
    assert said[1] < 0.5 * said[0]
    assert trainer.finished


def test_a_checkpoint_of_another_teacher_is_refused(teacher, toy_dataset, tmp_path):
    Trainer(toy_dataset, tmp_path, PLAN).save()
    with pytest.raises(UserError, match=r"--teacher .* .now "):
        Trainer(toy_dataset, tmp_path, replace(PLAN, teacher=teacher.text), teacher=teacher)


def test_a_teacher_of_another_profile_is_refused():
    with pytest.raises(UserError, match="65 noise bands at 48000 Hz"):
        Teacher.of(find_model("cello"), VST)
