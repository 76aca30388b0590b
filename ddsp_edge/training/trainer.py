"""Two stages: controls analysed from the audio, then the audio itself.

The run folder holds one checkpoint, replaced atomically; running the same command again
goes on from there and gives the same model as a run that was never cut.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ddsp_edge.errors import UserError
from ddsp_edge.scaling import scale_f0, scale_loudness
from ddsp_edge.training import losses, synth
from ddsp_edge.training.batches import AudioBatches, WarmBatches
from ddsp_edge.training.dataset import HOP, RATE, Dataset
from ddsp_edge.training.model import EdgeDecoder, Shape

CHECKPOINT_S = 60.0  #: seconds between checkpoints
HELD_OUT_EVERY = 200  #: steps
HELD_OUT_CROPS = 32


@dataclass(frozen=True)
class Plan:
    """How long and how; together with the data and the seed it determines the model."""

    warm_steps: int = 2500
    steps: int = 6000
    seed: int = 1
    warm_batch: int = 16
    warm_frames: int = 400
    batch: int = 8
    frames: int = 101  #: of a crop: half a second at 200 frames a second
    context: int = 100
    warm_rate: float = 3e-3
    rate: float = 1e-3
    average: float = 0.995  #: of the weights, in the second stage
    patience: int = 2000  #: steps of the second stage without a better held-out loss end it


@dataclass(frozen=True)
class Progress:
    """What is reported after each step."""

    stage: str
    step: int
    steps: int
    loss: float
    held_out: float | None  #: multi-scale spectral loss, when it was measured


class Trainer:
    """Trains an :class:`EdgeDecoder` on a dataset, resumably."""

    def __init__(self, dataset: Dataset, run: Path, plan: Plan, fresh: bool = False) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.run_folder = plan, run
        self.warm = WarmBatches(dataset.train, plan.warm_frames, plan.warm_batch)
        self.crops = AudioBatches(dataset.train, plan.frames, plan.context, plan.batch)
        held = AudioBatches(dataset.held_out, plan.frames, plan.context, plan.batch)
        self.held_out = held.fixed(min(HELD_OUT_CROPS, len(held.places)))
        self.model = EdgeDecoder(_shape(dataset.summary))
        self.average = EdgeDecoder(self.model.shape)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=plan.warm_rate)
        self.step = 0
        self.seconds = 0.0  #: spent so far, over all runs
        self.history: list[dict[str, float]] = []
        self.best = (math.inf, self._weights(self.average))
        self.noise = torch.Generator()
        self.checkpoint = run / "checkpoint.pt"
        self.key = json.dumps([asdict(plan), self.model.shape.as_dict(), dataset.summary])
        run.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists() and not fresh:
            self._resume()

    @property
    def total(self) -> int:
        return self.plan.warm_steps + self.plan.steps

    @property
    def finished(self) -> bool:
        """True when the schedule is through, or the held-out loss has stopped improving."""
        if self.step >= self.total:
            return True
        audio = [r for r in self.history if r["step"] > self.plan.warm_steps]
        if not audio:
            return False
        best = min(audio, key=lambda row: row["held_out"])
        return self.step - best["step"] >= self.plan.patience

    def train(
        self, report: Callable[[Progress], None] = lambda _: None, minutes: float = math.inf
    ) -> EdgeDecoder:
        """Run to the end (or for ``minutes``) and return the best averaged model.

        Ctrl-C leaves a checkpoint of the last whole step.
        """
        started = saved = before = time.monotonic()
        try:
            while not self.finished and time.monotonic() - started < 60 * minutes:
                progress = self._one_step()
                now = time.monotonic()
                self.seconds, before = self.seconds + now - before, now
                report(progress)
                if now - saved > CHECKPOINT_S:
                    self.save()
                    saved = now
        finally:
            self.save()
        best = EdgeDecoder(self.model.shape)
        best.load_state_dict(self.best[1] if math.isfinite(self.best[0]) else self._weights())
        return best.eval()

    def _one_step(self) -> Progress:
        plan = self.plan
        warm = self.step < plan.warm_steps
        # Every step has its own random numbers, so that resuming changes nothing.
        rng = np.random.default_rng([plan.seed, self.step])
        self.noise.manual_seed(int(rng.integers(1 << 62)))
        if self.step == plan.warm_steps:
            self.average.load_state_dict(self.model.state_dict())
            self.optimiser = torch.optim.Adam(self.model.parameters(), lr=plan.rate)
        done = self.step / plan.warm_steps if warm else (self.step - plan.warm_steps) / plan.steps
        peak = plan.warm_rate if warm else plan.rate
        for group in self.optimiser.param_groups:
            group["lr"] = peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        loss = self._warm_loss(rng) if warm else self._audio_loss(self.model, self.crops.draw(rng))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise RuntimeError(f"the loss became {value} at step {self.step}")
        if not warm:
            with torch.no_grad():
                pairs = zip(self.average.parameters(), self.model.parameters(), strict=True)
                for mean, now in pairs:
                    mean.lerp_(now, 1 - plan.average)
        self.step += 1
        held = None
        if self.step % HELD_OUT_EVERY == 0 or self.step in (plan.warm_steps, self.total):
            held = self.held_out_loss(self.model if warm else self.average)
            self.history.append({"step": self.step, "loss": value, "held_out": held})
            if held < self.best[0]:
                self.best = (held, self._weights(self.model if warm else self.average))
        return Progress("warm" if warm else "audio", self.step, self.total, value, held)

    def _warm_loss(self, rng: np.random.Generator) -> Tensor:
        batch = self.warm.draw(rng)
        amplitude, harmonics, noise = self.model.sequence(batch["f0_scaled"], batch["pw_scaled"])
        return losses.warm_start(
            amplitude[..., None] * harmonics,
            noise,
            batch["harmonics"],
            batch["noise"],
            batch["weight"],
        )

    def _audio_loss(self, model: EdgeDecoder, batch: dict[str, Tensor]) -> Tensor:
        return losses.multi_scale_spectral(self.sound(model, batch), batch["audio"])

    def sound(self, model: EdgeDecoder, batch: dict[str, Tensor]) -> Tensor:
        """The model's sound of a batch of crops, [batch, samples]."""
        controls = model.sequence(batch["f0_scaled"], batch["pw_scaled"])
        amplitude, harmonics, noise = (c[:, self.plan.context :] for c in controls)
        f0 = batch["synth_f0_hz"]
        amplitudes = synth.mask_and_normalise(amplitude, harmonics, f0, RATE / 2)
        return synth.harmonic(amplitudes, f0, RATE, HOP) + synth.noise(noise, RATE, HOP, self.noise)

    @torch.no_grad()
    def held_out_loss(self, model: EdgeDecoder) -> float:
        """Mean multi-scale spectral loss over the fixed held-out crops."""
        self.noise.manual_seed(0)
        rows = [(len(b["audio"]), float(self._audio_loss(model, b))) for b in self.held_out]
        return sum(n * loss for n, loss in rows) / sum(n for n, _ in rows)

    def _weights(self, model: EdgeDecoder | None = None) -> dict[str, Tensor]:
        model = model or self.model
        return {name: value.detach().clone() for name, value in model.state_dict().items()}

    def save(self) -> None:
        """Write the checkpoint atomically."""
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(
            {
                "key": self.key,
                "step": self.step,
                "seconds": self.seconds,
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "history": self.history,
                "best": self.best,
            },
            partial,
        )
        os.replace(partial, self.checkpoint)

    def _resume(self) -> None:
        try:
            saved = torch.load(self.checkpoint, weights_only=True)
            matches = saved["key"] == self.key
        except Exception as error:
            raise UserError(
                f"{self.checkpoint}: cannot be read ({error}); start again with --fresh"
            ) from None
        if not matches:
            raise UserError(
                f"{self.checkpoint}: was made with other data or options; use another --work "
                "folder, or start again with --fresh"
            )
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.step, self.history, self.best = saved["step"], saved["history"], saved["best"]
        self.seconds = saved["seconds"]
        if self.step > self.plan.warm_steps:
            self.optimiser = torch.optim.Adam(self.model.parameters(), lr=self.plan.rate)
        self.optimiser.load_state_dict(saved["optimiser"])


def _shape(summary: dict[str, float]) -> Shape:
    """Inputs centred on the instrument's own range."""
    low, high = (float(scale_f0(summary[key])) for key in ("f0_low_hz", "f0_high_hz"))
    quiet, loud = (
        float(scale_loudness(summary[key])) for key in ("loudness_low_db", "loudness_high_db")
    )
    pitch = (round((low + high) / 2, 4), round(3.0 / max(high - low, 0.1), 4))
    loudness = (round((quiet + loud) / 2, 4), round(2.0 / max(loud - quiet, 0.1), 4))
    return Shape(pitch=pitch, loudness=loudness)
