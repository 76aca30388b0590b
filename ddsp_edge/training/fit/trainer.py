"""Two stages: controls (analysed from the audio, or a teacher's), then the audio itself.

The run folder holds one checkpoint, replaced atomically; running the same command again
goes on from there and gives the same model as a run that was never cut.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.errors import UserError
from ddsp_edge.training.data import features
from ddsp_edge.training.data.augmentation import augment
from ddsp_edge.training.data.batches import AudioBatches, WarmBatches
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit import brightness, checkpoint, devices, losses, synth
from ddsp_edge.training.fit.response import LearntResponse, finished
from ddsp_edge.training.fit.room import LearntRoom
from ddsp_edge.training.fit.start_penalty import AT, EVERY, StartPenalty
from ddsp_edge.training.fit.teacher import Teacher
from ddsp_edge.training.fit.timbre import TimbreStatistics
from ddsp_edge.training.networks import registry
from ddsp_edge.training.networks.model import EdgeDecoder
from ddsp_edge.training.networks.vst_model import VstModel
from ddsp_edge.training.plan import Plan, Progress

Model = EdgeDecoder | VstModel

CHECKPOINT_S = 60.0  #: seconds between checkpoints
HELD_OUT_CROPS = 32


def learning_rate(step: int, steps: int, peak: float, run_in: int) -> float:
    """A linear run-in, and half a cosine from ``peak`` down to 2 % of it."""
    rate = peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
    return rate * min(1.0, (step + 1) / max(1, run_in))


class Trainer:
    """Trains the profile's network on a dataset, resumably.

    Deterministic on the CPU for one number of threads. Raises UserError for a checkpoint that
    cannot be gone on with, and ValueError for data without one usable crop.
    """

    CLIP = 1.0  #: the gradient's largest norm
    HELD_OUT_EVERY = 200  #: steps
    ROOM_SHARE = 10.0  #: of the rate: a handful of decibels and decays may move faster
    RESPONSE_SHARE = 0.5  #: of a response whose every sample is free
    RESPONSE_ALONE = 200  #: steps in which the network stays and only the response learns
    TRUST = features.TRUST  #: least share of trusted frames in a crop to train on
    VARIED = True  #: what the model is shown (:mod:`augment`)

    def __init__(
        self,
        dataset: Dataset,
        run: Path,
        plan: Plan,
        fresh: bool = False,
        device: str = "auto",
        checkpoint_s: float = CHECKPOINT_S,
        teacher: Teacher | None = None,
        start: EdgeDecoder | None = None,
    ) -> None:
        """``start``: the network to train on, which ``plan.start`` names; else a new one."""
        torch.manual_seed(plan.seed)
        self.plan, self.run_folder, self.profile = plan, run, dataset.profile
        self.summary = dataset.summary
        self.device, self.checkpoint_s = devices.choose(device), checkpoint_s
        profile = self.profile
        pieces = dataset.train
        if teacher is not None and self.plan.warm_steps:
            pieces = [teacher.relabel(piece, profile) for piece in pieces]
        self.warm = WarmBatches(pieces, plan.warm_frames, plan.warm_batch)
        self.rooms = dataset.rooms if plan.response else ()
        crop = (profile, plan.frames, plan.context, plan.batch)
        heard = (*((0.0, True) if plan.all_frames else (self.TRUST, False)), self.rooms)
        self.crops = AudioBatches(dataset.train, *crop, *heard)
        held = AudioBatches(dataset.held_out, *crop, *heard)
        self.held_out = held.fixed(min(HELD_OUT_CROPS, len(held.places)))
        made = start or registry.make_model(profile, dataset.summary, plan.size)
        self.model = copy.deepcopy(made).train().to(self.device)
        self.average = copy.deepcopy(self.model)
        self.hold = None
        if start is not None and plan.hold:
            self.hold = StartPenalty(start, dataset.train, self.summary, profile.frame_rate)
        self.room = self._make_room()
        self.timbre = None
        if plan.timbre:
            rooms = max(1, len(self.rooms))
            self.timbre = TimbreStatistics(profile.sample_rate, rooms).to(self.device)
        self.average_room = copy.deepcopy(self.room)
        self.optimiser = self._new_optimiser()
        self.step = 0
        self.seconds = 0.0  #: spent so far, over all runs
        self.history: list[dict[str, float]] = []
        self.best = (math.inf, self._weights(self.average), self._room_weights())
        self.noise = torch.Generator()
        self.checkpoint = run / "checkpoint.pt"
        data = {**dataset.summary, **({"rooms": self.rooms} if self.rooms else {})}
        self.key = json.dumps([asdict(plan), registry.sizes(self.model), asdict(profile), data])
        run.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists() and not fresh:
            self._resume()

    @property
    def total(self) -> int:
        """Number of steps of both stages together."""
        return self.plan.warm_steps + self.plan.steps

    @property
    def finished(self) -> bool:
        """True when the schedule is through, or the held-out loss has stopped improving."""
        if self.step >= self.total:
            return True
        audio = [row for row in self.history if row["step"] > self.plan.warm_steps]
        if not audio:
            return False
        best = min(audio, key=lambda row: row["held_out"])
        return self.step - best["step"] >= self.plan.patience

    def train(
        self, report: Callable[[Progress], None] = lambda _: None, minutes: float = math.inf
    ) -> Model:
        """Run to the end (or for ``minutes``) and return the best averaged model, on the CPU.

        Ctrl-C and SIGTERM end it with a checkpoint of the last whole step and KeyboardInterrupt.
        Raises UserError where the loss stops being a number.
        """
        started = saved = before = time.monotonic()
        whole = True
        with checkpoint.stopping_softly() as stop, devices.denormals_as_zero():
            try:
                while not self.finished and time.monotonic() - started < 60 * minutes and not stop:
                    whole = False
                    progress = self._one_step()
                    whole = True
                    now = time.monotonic()
                    self.seconds, before = self.seconds + now - before, now
                    report(replace(progress, seconds=self.seconds))
                    if now - saved > self.checkpoint_s:
                        self.save()
                        saved = now
            finally:
                if whole:
                    self.save()
        if stop:
            raise KeyboardInterrupt
        return self.best_model()

    def best_model(self) -> Model:
        """A copy of the best averaged weights so far, on the CPU."""
        best = copy.deepcopy(self.model).cpu()
        best.load_state_dict(self.best[1] if math.isfinite(self.best[0]) else self._weights())
        return best.eval()

    def best_response(self, room: str | None = None) -> np.ndarray | None:
        """A room's response, learnt with :meth:`best_model`; None where none was asked for.

        ``room`` is one of :attr:`rooms` (default: the first). Without what lies an octave and more
        below the lowest pitch that was recorded.
        """
        if not isinstance(self.average_room, LearntResponse):
            return None
        best = copy.deepcopy(self.average_room)
        best.load_state_dict(self.best[2])
        learnt = best.samples(0 if room is None else self.rooms.index(room))
        return finished(learnt, self.profile.sample_rate, 0.5 * self.summary["f0_low_hz"])

    def _make_room(self) -> nn.Module | None:
        if self.plan.response:
            return LearntResponse(self.profile.sample_rate, len(self.rooms)).to(self.device)
        if not self.plan.room:
            return None
        return LearntRoom(self.profile.sample_rate).to(self.device)

    def _new_optimiser(self) -> torch.optim.Adam:
        groups = [{"params": list(self.model.parameters()), "share": 1.0}]
        if self.room is not None:
            free = isinstance(self.room, LearntResponse)
            share = self.RESPONSE_SHARE if free else self.ROOM_SHARE
            groups.append({"params": list(self.room.parameters()), "share": share})
        return torch.optim.Adam(groups, lr=self.plan.warm_rate, fused=True)

    def _one_step(self) -> Progress:
        plan = self.plan
        warm = self.step < plan.warm_steps
        if self.step == plan.warm_steps:
            self.average.load_state_dict(self.model.state_dict())
            self.optimiser = self._new_optimiser()
        rate = self._set_rate(warm)
        loss, room_loss = self._loss_of_step(warm)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise UserError(
                f"the loss became {value} at step {self.step}; train again with --fresh and "
                "another --seed, and please report it"
            )
        loss = loss if room_loss is None else loss + room_loss
        if plan.brightness and self.step % brightness.EVERY == 0:
            loss = loss + self._brightness_penalty()
        if self.hold is not None and self.step % EVERY == AT:
            drawn = np.random.default_rng([plan.seed, self.step, 2])
            loss = loss + plan.hold * EVERY * self.hold(self.model, drawn, self.device)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._gather_gradients()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.CLIP)
        self.optimiser.step()
        if not warm:
            self._update_average()
        self.step += 1
        held = None
        if self.step % self.HELD_OUT_EVERY == 0 or self.step in (plan.warm_steps, self.total):
            held = self._measure_held_out(self.model if warm else self.average, value)
        return Progress("warm" if warm else "audio", self.step, self.total, value, held, rate)

    def _loss_of_step(self, warm: bool) -> tuple[Tensor, Tensor | None]:
        # Every step has its own random numbers, so that resuming changes nothing.
        rng = np.random.default_rng([self.plan.seed, self.step])
        self.noise.manual_seed(int(rng.integers(1 << 62)))
        batch = self._draw(rng, warm)
        return (self._warm_loss(batch), None) if warm else self._audio_loss(self.model, batch)

    def _draw(self, rng: np.random.Generator, warm: bool) -> dict[str, Tensor]:
        batch = (self.warm if warm else self.crops).draw(rng)
        return augment(batch, rng) if self.VARIED else batch

    def _gather_gradients(self) -> None:
        """Called between a step's gradients and their use: for those of other processes."""

    def _brightness_penalty(self) -> Tensor:
        rng = np.random.default_rng([self.plan.seed, self.step, 1])  # beside the step's own
        found = brightness.penalty(
            self.model, self.summary, self.profile.frame_rate, rng, self.device
        )
        return self.plan.brightness * brightness.EVERY * found

    def _set_rate(self, warm: bool) -> float:
        """Set and return the learning rate of this step; each stage has its own schedule."""
        plan = self.plan
        done = self.step if warm else self.step - plan.warm_steps
        steps, peak = (plan.warm_steps, plan.warm_rate) if warm else (plan.steps, plan.rate)
        rate = learning_rate(done, steps, peak, plan.run_in)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        if self.plan.response and not warm and done < self.RESPONSE_ALONE:
            # Else the network imitates the room before there is one, and has to forget it.
            self.optimiser.param_groups[0]["lr"] = 0.0
        return rate

    @torch.no_grad()
    def _update_average(self) -> None:
        pairs: list[tuple[nn.Module, nn.Module]] = [(self.average, self.model)]
        if self.room is not None and self.average_room is not None:
            pairs.append((self.average_room, self.room))
        for means, nows in pairs:
            for mean, now in zip(means.parameters(), nows.parameters(), strict=True):
                mean.lerp_(now, 1 - self.plan.average)

    def _measure_held_out(self, model: Model, loss: float) -> float:
        held = self.held_out_loss(model)
        self.history.append({"step": self.step, "loss": loss, "held_out": held})
        if held < self.best[0]:
            self.best = (held, self._weights(model), self._room_weights())
        return held

    def _controls(self, model: Model, batch: dict[str, Tensor]) -> tuple[Tensor, ...]:
        with devices.network_precision(self.device):
            controls = model.sequence(batch["f0_scaled"], batch["pw_scaled"])
        return tuple(control.float() for control in controls)

    def _warm_loss(self, batch: dict[str, Tensor]) -> Tensor:
        batch = {name: value.to(self.device) for name, value in batch.items()}
        amplitude, harmonics, noise = self._controls(self.model, batch)
        return losses.warm_start(
            amplitude[..., None] * harmonics,
            noise,
            batch["harmonics"],
            batch["noise"],
            batch["weight"],
        )

    def _audio_loss(self, model: Model, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return the spectral loss and, where a room is learnt, the loss of the room.

        The room's loss has gradients of its own and does not reach the network.
        """
        batch = {name: value.to(self.device) for name, value in batch.items()}
        dry = self._dry(model, batch, self.plan.context)
        target = batch["audio"]
        room_loss = None
        if isinstance(self.room, LearntRoom) and torch.is_grad_enabled():
            room_loss = self.room.loss(dry, target)
        ours = self._with_room(dry, batch["room"], target.shape[1])
        return self._distance(ours, target, batch["room"]), room_loss

    def _distance(self, audio: Tensor, target: Tensor, room: Tensor) -> Tensor:
        found = losses.multi_scale_spectral(audio, target)
        if self.plan.response and audio.shape[1] % 6 == 0:
            # At 16 kHz too: windows three times as long tell the room's tails apart.
            ours, theirs = losses.below_8_khz(audio), losses.below_8_khz(target)
            found = 0.5 * (found + losses.multi_scale_spectral(ours, theirs))
        rate = self.profile.sample_rate
        if self.plan.level:
            found = found + self.plan.level * losses.level(audio, target, rate)
        if self.timbre is not None:
            found = found + self.plan.timbre * self.timbre(audio, target, room)
        return found

    def sound(self, model: Model, batch: dict[str, Tensor], room: bool = True) -> Tensor:
        """The model's sound of whole sequences, [batch, samples]; with the room that is learnt
        beside it, where there is one and ``room`` says so."""
        dry = self._dry(model, batch, 0)
        return self._with_room(dry, batch["room"], dry.shape[1]) if room else dry

    def _with_room(self, dry: Tensor, which: Tensor, last: int) -> Tensor:
        """The last samples of ``dry``, each row behind the room that it was recorded in."""
        room = self.room
        if isinstance(room, LearntResponse):
            if not torch.is_grad_enabled() and isinstance(self.average_room, LearntResponse):
                room = self.average_room  # what is measured is averaged, as the network is
            return room(dry, which, last)
        return (dry if room is None else room(dry))[:, -last:]

    def _dry(self, model: Model, batch: dict[str, Tensor], skip: int) -> Tensor:
        """From frame ``skip`` on; for a room from the network's first quarter of a second on,
        which has no past."""
        rate, hop = self.profile.sample_rate, self.profile.hop
        start = skip if self.room is None else min(skip, self.profile.frame_rate // 4)
        controls = (*self._controls(model, batch), batch["synth_f0_hz"])
        amplitude, harmonics, noise, f0_hz = (c[:, start:] for c in controls)
        return synth.sound(amplitude, harmonics, noise, f0_hz, rate, hop, self.noise)

    @torch.no_grad()
    def held_out_loss(self, model: Model) -> float:
        """Mean multi-scale spectral loss over the fixed held-out crops."""
        self.noise.manual_seed(0)
        rows = [(len(b["audio"]), float(self._audio_loss(model, b)[0])) for b in self.held_out]
        return sum(n * loss for n, loss in rows) / sum(n for n, _ in rows)

    def _weights(self, model: Model | None = None) -> dict[str, Tensor]:
        model = model or self.model
        return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}

    def _room_weights(self) -> dict[str, Tensor]:
        room = self.average_room
        return {} if room is None else {k: v.cpu().clone() for k, v in room.state_dict().items()}

    def save(self) -> None:
        """Write the checkpoint, all or nothing. Raises UserError."""
        state = {
            "key": self.key,
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "room": self.room.state_dict() if self.room else {},
            "average_room": self._room_weights(),
            "timbre": self.timbre.state_dict() if self.timbre else {},
            "history": self.history,
            "best": self.best,
        }
        checkpoint.save(self.checkpoint, state)

    def _resume(self) -> None:
        saved = checkpoint.load(self.checkpoint, self.key)
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        if self.room is not None:
            self.room.load_state_dict(saved["room"])
        if self.average_room is not None:
            self.average_room.load_state_dict(saved["average_room"])
        if self.timbre is not None:
            self.timbre.load_state_dict(saved["timbre"])
        self.step, self.history, self.best = saved["step"], saved["history"], saved["best"]
        self.seconds = saved["seconds"]
        self.optimiser.load_state_dict(saved["optimiser"])
