"""A second process that computes the gradients of half of every batch.

Torch's threads share out one operation at a time, of which a recurrent network has thousands
that are too small for it; two processes with half the crops each were found 1.2 times as fast.
The weights lie in shared memory: one process changes them, the other only reads.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import Tensor, nn

from ddsp_edge.errors import UserError
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit.devices import keep_memory
from ddsp_edge.training.plan import Plan
from ddsp_edge.training.study.plain_recipe import PlainTrainer

ENDED = "the second process has ended; the same command goes on from the last checkpoint"


class Helper:
    """Starts the process and shares ``trainer``'s weights with it; to be closed after training.

    One step is :meth:`begin`, the trainer's own half, :meth:`add_gradients`. Both raise UserError
    where the process has ended.
    """

    def __init__(self, trainer: PlainTrainer, dataset: Dataset, folder: Path) -> None:
        context = torch.multiprocessing.get_context("spawn")
        self.parameters = _parameters(trainer)
        weights = torch.cat([p.detach().reshape(-1) for p in self.parameters]).share_memory_()
        _lay(self.parameters, weights)
        shared = torch.zeros_like(weights).share_memory_()
        self.gradients = _pieces(self.parameters, shared)
        self.connection, theirs = context.Pipe()
        arguments = (theirs, dataset, folder, trainer.plan, weights, shared, trainer.bfloat16)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        # Ctrl-C reaches both, and this one ends the other: it ignores that from its first moment.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()
        trainer.helper, trainer.parts = self, 2

    def begin(self, step: int) -> None:
        """Let the process compute its half of this step."""
        self._or_user_error(lambda: self.connection.send(step))

    def add_gradients(self) -> None:
        """Wait for its half, and make each weight's gradient the mean of both."""
        self._or_user_error(self.connection.recv)
        for weight, theirs in zip(self.parameters, self.gradients, strict=True):
            if weight.grad is not None:
                weight.grad.add_(theirs).mul_(0.5)

    def close(self) -> None:
        """End the process and wait for that."""
        self.connection.close()
        self.process.join(10.0)
        if self.process.is_alive():
            self.process.kill()

    @staticmethod
    def _or_user_error(do: Callable[[], object]) -> None:
        try:
            do()
        except (EOFError, OSError) as error:
            raise UserError(ENDED) from error


def gradients(trainer: PlainTrainer, step: int) -> list[Tensor]:
    """Return the gradients of the trainer's part of that step's batch, one for each weight."""
    trainer.step = step
    loss, _ = trainer._loss_of_step(warm=False)
    return list(torch.autograd.grad(loss, _parameters(trainer)))


def _parameters(trainer: PlainTrainer) -> list[nn.Parameter]:
    """The network's weights, and the room's."""
    return [*trainer.model.parameters(), *(trainer.room.parameters() if trainer.room else ())]


def _pieces(parameters: list[nn.Parameter], flat: Tensor) -> list[Tensor]:
    """Views of one tensor in the shapes of ``parameters``."""
    parts = flat.split([p.numel() for p in parameters])
    return [part.view_as(p) for part, p in zip(parts, parameters, strict=True)]


def _lay(parameters: list[nn.Parameter], flat: Tensor) -> None:
    """Let the parameters be views of one tensor."""
    for parameter, piece in zip(parameters, _pieces(parameters, flat), strict=True):
        parameter.data = piece


def _serve(
    connection: Connection,
    dataset: Dataset,
    folder: Path,
    plan: Plan,
    weights: Tensor,
    shared: Tensor,
    bfloat16: bool,
) -> None:
    """Answer each step's number, until the other end closes."""
    torch.set_num_threads(1)
    keep_memory()
    torch.set_flush_denormal(True)
    trainer = PlainTrainer(dataset, folder, plan, fresh=True, device="cpu")
    trainer.part, trainer.parts, trainer.bfloat16 = 1, 2, bfloat16
    parameters = _parameters(trainer)
    _lay(parameters, weights)
    theirs = _pieces(parameters, shared)
    while True:
        try:
            step = connection.recv()
            for there, here in zip(theirs, gradients(trainer, step), strict=True):
                there.copy_(here)
            connection.send(step)
        except (EOFError, OSError):
            return
