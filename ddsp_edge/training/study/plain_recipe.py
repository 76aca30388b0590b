"""DDSP-VST's own recipe in torch: its reverb, loss, schedule and trainer.

``models/vst/vst.gin`` and ``optimization/base.gin`` of magenta/ddsp: GRU 512, dense layers of
256, 60 harmonics and 65 noise bands at 16 kHz and 50 Hz; L1 of magnitudes and log magnitudes over
six window sizes; 16 crops of 4 s; Adam at 3e-4, 0.98 times that every 10,000 steps, gradients
clipped at 3; a trainable reverb of 1.5 s (noise shaped by 500 x 32 magnitudes). What differs:
the analyser, the synthesis f0 and the noise's overlapping frames are this project's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.training import c_loops
from ddsp_edge.training.fit import fast, losses
from ddsp_edge.training.fit.synth import noise as filtered_noise
from ddsp_edge.training.fit.synth import reverberate
from ddsp_edge.training.fit.trainer import Model, Trainer
from ddsp_edge.training.networks.vst_model import exp_sigmoid
from ddsp_edge.training.plan import Plan
from ddsp_edge.training.profiles import VST

LENGTH, FRAMES, BANDS, BIAS = 24_000, 500, 32, -3.0  #: of vst.gin's FilteredNoiseReverb
LEAST = 1e-5  #: logarithms are taken of nothing smaller
RATE = VST.sample_rate


class NoiseReverb(nn.Module):
    """[b, samples] -> the same with a reverb whose every 3 ms has 32 free magnitudes."""

    def __init__(self, seed: int = 7) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.magnitudes = nn.Parameter(0.01 * torch.randn(FRAMES + 1, BANDS, generator=generator))
        self.generator = torch.Generator()

    def response(self) -> Tensor:
        """The impulse response without the direct sound, [samples]."""
        self.generator.manual_seed(1)
        shaped = exp_sigmoid(self.magnitudes[None] + BIAS)
        ir = filtered_noise(shaped, RATE, LENGTH // FRAMES, self.generator)[0]
        return torch.cat([ir.new_zeros(1), ir[1:]])

    def forward(self, dry: Tensor) -> Tensor:
        return reverberate(dry, self.response())


def plain_loss(audio: Tensor, target: Tensor) -> Tensor:
    """L1 of magnitudes and of their logarithms; [b, samples] twice -> scalar."""
    if c_loops.usable(audio):
        return fast.Spectral.apply(audio, target, losses.SIZES, 4, 0.0, LEAST)
    total = audio.new_zeros(())
    for _, ours, theirs in losses.magnitudes(audio, target):
        logs = (x.clamp(min=LEAST).log() for x in (ours, theirs))
        total = total + (ours - theirs).abs().mean() + (next(logs) - next(logs)).abs().mean()
    return total


class OtherHalf(Protocol):
    """Who computes the gradients of the rest of every batch (:mod:`helper_process`)."""

    def begin(self, step: int) -> None:
        """Called before this process's part of a step is computed."""

    def add_gradients(self) -> None:
        """Called after it: each weight's gradient is to be the mean of both."""


class PlainTrainer(Trainer):
    """vst.gin; give it :func:`plain_plan` and a dataset of profile ``vst``."""

    CLIP, ROOM_SHARE, TRUST, VARIED = 3.0, 1.0, 0.0, False
    HELD_OUT_EVERY = 1000
    bfloat16 = False  #: while it learns, the network's matrix products in it, sums in float32
    helper: OtherHalf | None = None  #: another process, which takes half of every batch
    part, parts = 0, 1  #: which share of a batch is this process's

    def _controls(self, model: Model, batch: dict[str, Tensor]) -> tuple[Tensor, ...]:
        learning = self.bfloat16 and torch.is_grad_enabled()
        with torch.autocast("cpu", torch.bfloat16, enabled=learning):
            return super()._controls(model, batch)

    def _draw(self, rng: np.random.Generator, warm: bool) -> dict[str, Tensor]:
        if self.helper is not None:
            self.helper.begin(self.step)
        batch = super()._draw(rng, warm)
        self.noise.manual_seed(self.noise.initial_seed() + self.part)
        return {name: rows[self.part :: self.parts] for name, rows in batch.items()}

    def _gather_gradients(self) -> None:
        if self.helper is not None:
            self.helper.add_gradients()

    def _make_room(self) -> nn.Module:
        return NoiseReverb()

    def _set_rate(self, warm: bool) -> float:
        if warm:
            return super()._set_rate(warm)
        rate = self.plan.rate * 0.98 ** ((self.step - self.plan.warm_steps) / 10_000)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _distance(self, audio: Tensor, target: Tensor, room: Tensor) -> Tensor:
        return plain_loss(audio, target)


def plain_plan(steps: int, warm_steps: int = 0, seed: int = 1) -> Plan:
    """16 crops of 4 s; no average of the weights."""
    return replace(
        Plan.of(VST, steps=steps, warm_steps=warm_steps, seed=seed),
        batch=16,
        frames=4 * VST.frame_rate + 1,
        context=0,
        rate=3e-4,
        warm_rate=1e-3,
        average=0.0,
        brightness=0.0,
        patience=steps,
    )
