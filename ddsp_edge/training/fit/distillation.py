"""A small decoder learns the controls of a large one: no sound is made, so a step is cheap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.training.data.batches import AudioBatches, WarmBatches
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit import losses, synth
from ddsp_edge.training.fit.teacher import Teacher
from ddsp_edge.training.fit.trainer import learning_rate

HELD_OUT_CROPS = 64
CROP_FRAMES, CONTEXT_FRAMES, CROP_BATCH = 101, 100, 8


@dataclass(frozen=True)
class DistilPlan:
    """Length and settings of a distillation; frames are those of the dataset's profile."""

    steps: int = 2000
    batch: int = 16
    frames: int = 200
    skip: int = 40  #: frames at the start whose past the student has not heard
    rate: float = 1e-2
    run_in: int = 50  #: steps in which the rate rises
    seed: int = 1


class DistillationData:
    """The large decoder's controls for the training material, and a held-out set to compare on."""

    def __init__(self, teacher: Teacher, dataset: Dataset) -> None:
        self.dataset, self._teacher = dataset, teacher
        self._pieces = [teacher.relabel(piece, dataset.profile) for piece in dataset.train]
        crops = AudioBatches(
            dataset.held_out, dataset.profile, CROP_FRAMES, CONTEXT_FRAMES, CROP_BATCH
        )
        self._crops = crops.fixed(min(HELD_OUT_CROPS, len(crops.places)))

    def batches(self, plan: DistilPlan) -> WarmBatches:
        """Return the source of random batches of the teacher's controls."""
        return WarmBatches(self._pieces, plan.frames, plan.batch)

    def teacher_loss(self) -> float:
        """Return the held-out loss of the large decoder itself."""

        def sequence(f0_scaled: Tensor, pw_scaled: Tensor) -> tuple[Tensor, ...]:
            pairs = zip(f0_scaled.numpy(), pw_scaled.numpy(), strict=True)
            rows = [self._teacher.controls(*pair) for pair in pairs]
            return tuple(torch.from_numpy(np.stack(c)) for c in zip(*rows, strict=True))

        return self.held_out_loss(sequence)

    @torch.no_grad()
    def held_out_loss(self, sequence: Callable[[Tensor, Tensor], tuple[Tensor, ...]]) -> float:
        """Mean multi-scale spectral loss over held-out half-seconds, always the same."""
        rate, hop = self.dataset.profile.sample_rate, self.dataset.profile.hop
        noise_of = torch.Generator().manual_seed(0)
        total = count = 0.0
        for crop in self._crops:
            controls = (*sequence(crop["f0_scaled"], crop["pw_scaled"]), crop["synth_f0_hz"])
            amplitude, harmonics, noise, f0_hz = (c[:, CONTEXT_FRAMES:] for c in controls)
            sound = synth.sound(amplitude, harmonics, noise, f0_hz, rate, hop, noise_of)
            rows = len(crop["audio"])
            total += rows * float(losses.multi_scale_spectral(sound, crop["audio"]))
            count += rows
        return total / count


def distil(
    student: nn.Module,
    material: DistillationData,
    plan: DistilPlan,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train ``student`` (with ``sequence``, as EdgeDecoder) in place; ``report(step, loss)``."""
    rng = np.random.default_rng(plan.seed)
    batches = material.batches(plan)
    optimiser = torch.optim.Adam(student.parameters(), lr=plan.rate)
    for step in range(plan.steps):
        rate = learning_rate(step, plan.steps, plan.rate, plan.run_in)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = batches.draw(rng)
        amplitude, harmonics, noise = student.sequence(batch["f0_scaled"], batch["pw_scaled"])  # type: ignore[operator]
        heard = slice(plan.skip, None)
        loss = losses.warm_start(
            (amplitude[..., None] * harmonics)[:, heard],
            noise[:, heard],
            batch["harmonics"][:, heard],
            batch["noise"][:, heard],
            batch["weight"][:, heard],
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        report(step + 1, float(loss.detach()))
