"""The trainer's two costly sums with hand-written gradients, in C, for the CPU.

Same meaning as the plain torch of :mod:`synth` and :mod:`losses`, which serves where these cannot
(:mod:`ddsp_edge.training.c_loops`); the tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from native import training


class Harmonic(torch.autograd.Function):
    """amplitudes [b, f, n], phase [b, (f - 1) * hop] turns in 0..1 (float64), count [b, f - 1]."""

    @staticmethod
    def forward(ctx: Any, amplitudes: Tensor, phase: Tensor, count: Tensor, hop: int) -> Tensor:
        turns = (phase * 2.0**32).to(torch.int64).to(torch.uint32).numpy()
        ctx.turns, ctx.count, ctx.hop = turns, count.int().numpy(), hop
        ctx.n = amplitudes.shape[-1]
        rows = zip(amplitudes.detach().contiguous().numpy(), turns, ctx.count, strict=True)
        return torch.stack([torch.from_numpy(training.harmonic(*row, hop)) for row in rows])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        rows = zip(gradients[0].contiguous().numpy(), ctx.turns, ctx.count, strict=True)
        parts = [training.harmonic_gradient(*row, ctx.hop, ctx.n) for row in rows]
        return torch.stack([torch.from_numpy(part) for part in parts]), None, None, None


class Spectral(torch.autograd.Function):
    """audio [b, samples], target [b, samples] -> the loss of :func:`losses.multi_scale_spectral`.

    ``floor``, as a sine's amplitude, is added to magnitudes before the logarithm; magnitudes
    below ``least``, as they are, count there as that. One crop at a time, so that a spectrum
    stays in the processor's cache.
    """

    @staticmethod
    def forward(
        ctx: Any,
        audio: Tensor,
        target: Tensor,
        sizes: Sequence[int],
        overlap: int,
        floor: float,
        least: float = 0.0,
    ) -> Tensor:
        gradient = torch.zeros_like(audio)
        total = 0.0
        pairs = torch.stack([audio.detach(), target], dim=1)
        for size in sizes:
            hop, window = size // overlap, torch.hann_window(size)
            for pair, slopes in zip(pairs, gradient, strict=True):
                ours, theirs = torch.fft.rfft(pair.unfold(1, size, hop) * window)
                share = 1.0 / (len(audio) * ours.numel())
                sums = training.spectral(ours.numpy(), theirs.numpy(), floor * size / 4, least)
                total += sum(sums) * share
                parts = torch.fft.irfft(ours, n=size, norm="forward") * (window * share)
                _add_overlapping(slopes, parts, hop)
        ctx.save_for_backward(gradient)
        return audio.new_tensor(total)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0], None, None, None, None, None


def _add_overlapping(out: Tensor, parts: Tensor, hop: int) -> None:
    """Add frames [count, size], hop apart (size a multiple of it), to [samples] in place."""
    count, size = parts.shape
    blocks = out[: (count - 1) * hop + size].view(-1, hop)
    for at in range(size // hop):
        blocks[at : at + count] += parts[:, at * hop : (at + 1) * hop]
