"""Weights moved onto their int8 grid so that the outputs of a layer change least.

Rounding each weight to the nearest step ignores that a layer's inputs are correlated and
not centred. Here the weights are rounded one column at a time, and what each rounding does
to the layer's output, on real inputs, is made good by the columns still to come and by the
bias, which stays float (GPTQ: Frantar et al., ICLR 2023). The exporter's quantizer then
finds every weight on its grid already.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from ddsp_edge.training.data.features import Piece
from ddsp_edge.training.export.quantization import MIN_WEIGHTS
from ddsp_edge.units import scale_f0, scale_loudness

CALIBRATION_FRAMES = 4000
LEVELS = 127  #: int8, symmetric
DAMPING = 0.001  #: of the mean square of the inputs, for inputs that hardly ever move


def calibration(pieces: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """Scaled pitch and loudness from all over the pieces, (frames,) float32 each."""
    f0 = np.concatenate([piece.f0_hz for piece in pieces])
    loudness = np.concatenate([piece.loudness_db for piece in pieces])
    step = max(1, len(f0) // CALIBRATION_FRAMES)
    return (
        scale_f0(f0[::step]).astype(np.float32),
        scale_loudness(loudness[::step]).astype(np.float32),
    )


def round_to_int8(decoder: nn.Module, f0_scaled: np.ndarray, pw_scaled: np.ndarray) -> nn.Module:
    """Return a copy whose larger layers hold int8 steps, fitted to a track of (frames,) inputs.

    ``decoder`` as the exporter takes it, with its ``state_size``.
    """
    decoder = copy.deepcopy(decoder).eval()
    for layer, inputs in _inputs(decoder, f0_scaled, pw_scaled).items():
        if layer.weight.numel() >= MIN_WEIGHTS:  # the quantizer leaves smaller ones alone
            _round_layer(layer, inputs)
    return decoder


def _inputs(
    decoder: nn.Module, f0_scaled: np.ndarray, pw_scaled: np.ndarray
) -> dict[nn.Linear, np.ndarray]:
    """Return the inputs of each linear layer while the track is played, (frames, inputs)."""
    seen: dict[nn.Linear, list[torch.Tensor]] = {}
    layers = [layer for layer in decoder.modules() if isinstance(layer, nn.Linear)]
    hooks = [
        layer.register_forward_pre_hook(lambda m, x: seen.setdefault(m, []).append(x[0].detach()))
        for layer in layers
    ]
    state = torch.zeros(cast(int, decoder.state_size))
    with torch.no_grad():
        for f0, loudness in zip(f0_scaled, pw_scaled, strict=True):
            *_, state = decoder(torch.tensor([f0]), torch.tensor([loudness]), state)
    for hook in hooks:
        hook.remove()
    return {layer: torch.cat(rows).double().numpy() for layer, rows in seen.items()}


def _round_layer(layer: nn.Linear, inputs: np.ndarray) -> None:
    weight = layer.weight.detach().double().numpy().copy()
    step = np.abs(weight).max() / LEVELS
    count = weight.shape[1]
    rows = np.hstack([weight, layer.bias.detach().double().numpy()[:, None]])
    heard = np.hstack([inputs, np.ones((len(inputs), 1))])
    hessian = heard.T @ heard / len(heard)
    hessian += DAMPING * np.mean(np.diag(hessian)) * np.eye(count + 1)
    # The bias is fitted exactly: hardly any damping there, and it comes last.
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    for column in range(count):
        exact = rows[:, column].copy()
        rows[:, column] = np.clip(np.round(exact / step), -LEVELS, LEVELS) * step
        error = (exact - rows[:, column]) / upper[column, column]
        rows[:, column + 1 :] -= np.outer(error, upper[column, column + 1 :])
    # The largest weight must stay: it sets the quantizer's step.
    largest = np.unravel_index(np.argmax(np.abs(weight)), weight.shape)
    rows[largest] = np.sign(weight[largest]) * LEVELS * step
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(rows[:, :count]))
        layer.bias.copy_(torch.from_numpy(rows[:, count]))
