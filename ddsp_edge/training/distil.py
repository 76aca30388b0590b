"""A small decoder learns the controls of a large one: no sound is made, so a step is cheap.

After Giudici et al., "Distilling DDSP" (2025), who found the controls to be the better lesson
than the audio. The large one is any bundle or TFLite file that plays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.training import losses, synth
from ddsp_edge.training.batches import AudioBatches, Features
from ddsp_edge.training.dataset import Dataset
from ddsp_edge.training.drift import Step, play
from ddsp_edge.training.trainer import learning_rate

HELD_OUT_CROPS = 64
CROP_FRAMES, CONTEXT_FRAMES, CROP_BATCH = 101, 100, 8
#: Frames whose pitch cannot be trusted: they are played on stage too, but teach less.
LEAST_WEIGHT = 0.2


@dataclass(frozen=True)
class DistilPlan:
    """How long and how."""

    steps: int = 2000
    batch: int = 16
    frames: int = 200
    skip: int = 40  #: frames at the start whose past the student has not heard
    rate: float = 1e-2
    run_in: int = 50  #: steps in which the rate rises
    seed: int = 1


class Lessons:
    """What the large decoder answers to the training material, and what it is worth."""

    def __init__(self, teacher: Step, state_size: int, dataset: Dataset) -> None:
        self.dataset, self._teacher, self._state_size = dataset, teacher, state_size
        self._items = [self._item(Features.of(piece)) for piece in dataset.train]
        crops = AudioBatches(
            dataset.held_out, dataset.profile, CROP_FRAMES, CONTEXT_FRAMES, CROP_BATCH
        )
        self._crops = crops.fixed(min(HELD_OUT_CROPS, len(crops.places)))

    def _taught(self, f0_scaled: np.ndarray, pw_scaled: np.ndarray) -> tuple[Tensor, ...]:
        """The teacher's amplitude (frames,), harmonics (frames, n) and noise (frames, m)."""
        *controls, _ = play(self._teacher, (f0_scaled, pw_scaled), self._state_size)
        amplitude, harmonics, noise = map(torch.from_numpy, controls)
        return amplitude[:, 0], harmonics, noise

    def _item(self, piece: Features) -> dict[str, np.ndarray]:
        amplitude, harmonics, noise = self._taught(piece.f0_scaled, piece.pw_scaled)
        # As it is heard: what lies above the band is not played, the rest is so much louder.
        harmonics = synth.mask_and_normalise(
            amplitude[None],
            harmonics[None],
            torch.from_numpy(piece.synth_f0_hz)[None],
            self.dataset.profile.sample_rate / 2,
        )[0]
        return {
            "f0_scaled": piece.f0_scaled,
            "pw_scaled": piece.pw_scaled,
            "harmonics": harmonics.numpy(),
            "noise": noise.numpy(),
            "weight": np.maximum(piece.weight, LEAST_WEIGHT).astype(np.float32),
        }

    def draw(self, rng: np.random.Generator, batch: int, frames: int) -> dict[str, Tensor]:
        """``batch`` stretches from anywhere, [batch, frames, ...]."""
        items = [item for item in self._items if len(item["weight"]) > frames]
        room = np.array([len(item["weight"]) - frames for item in items], np.float64)
        rows: dict[str, list[np.ndarray]] = {}
        for index in rng.choice(len(items), batch, p=room / room.sum()):
            at = int(rng.integers(0, int(room[index])))
            for name, values in items[index].items():
                rows.setdefault(name, []).append(values[at : at + frames])
        return {name: torch.from_numpy(np.stack(row)) for name, row in rows.items()}

    def teacher_loss(self) -> float:
        """Held-out loss of the large decoder."""

        def sequence(f0_scaled: Tensor, pw_scaled: Tensor) -> tuple[Tensor, ...]:
            pairs = zip(f0_scaled.numpy(), pw_scaled.numpy(), strict=True)
            rows = [self._taught(*pair) for pair in pairs]
            return tuple(torch.stack(column) for column in zip(*rows, strict=True))

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
    lessons: Lessons,
    plan: DistilPlan,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train ``student`` (with ``sequence``, as EdgeDecoder) in place; ``report(step, loss)``."""
    rng = np.random.default_rng(plan.seed)
    optimiser = torch.optim.Adam(student.parameters(), lr=plan.rate)
    for step in range(plan.steps):
        rate = learning_rate(step, plan.steps, plan.rate, plan.run_in)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = lessons.draw(rng, plan.batch, plan.frames)
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
