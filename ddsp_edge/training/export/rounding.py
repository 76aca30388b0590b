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
from ddsp_edge.training.export.equalising import equalised
from ddsp_edge.training.export.quantization import MIN_WEIGHTS
from ddsp_edge.training.networks.model import FrameDecoder
from ddsp_edge.units import hz_to_midi, midi_to_hz, scale_f0, scale_loudness

STRETCHES, STRETCH = 32, 125  #: of the recordings, and frames of each
HELD_FRAMES = 16  #: of each held note
BEYOND = 2.0  #: semitones below and above the recordings: as far as a network is shown
SEMITONES, DECIBELS = 2.0, 4.0  #: from one held note to the next
SOFTEST_DB = -70.0  #: of them
LEVELS = 127  #: int8, symmetric
DAMPING = 0.001  #: of the mean square of the inputs, for inputs that hardly ever move

#: Scaled pitch and loudness, (frames,) float32 each, played from a fresh state.
Track = tuple[np.ndarray, np.ndarray]


def calibration(pieces: Sequence[Piece]) -> list[Track]:
    """What the rounding is fitted to: as much of what was recorded as of what was not.

    Stretches from all over the pieces, as they were played, so that the recurrent state is one
    that occurs; and held notes of every pitch and loudness, as MIDI or another's voice asks for.
    """
    f0 = np.concatenate([piece.f0_hz for piece in pieces])
    loudness = np.concatenate([piece.loudness_db for piece in pieces])
    length = min(STRETCH, len(f0))
    begins = np.linspace(0, len(f0) - length, STRETCHES).astype(int)
    tracks = [_track(f0[at : at + length], loudness[at : at + length]) for at in begins]
    low, high = np.percentile(hz_to_midi(f0), (1, 99))
    for note in np.arange(low - BEYOND, high + BEYOND + SEMITONES, SEMITONES):
        for level in np.arange(SOFTEST_DB, float(loudness.max()) + DECIBELS, DECIBELS):
            held = np.ones(HELD_FRAMES)
            tracks.append(_track(float(midi_to_hz(note)) * held, level * held))
    return tracks


def _track(f0_hz: np.ndarray, loudness_db: np.ndarray) -> Track:
    return scale_f0(f0_hz).astype(np.float32), scale_loudness(loudness_db).astype(np.float32)


def round_to_int8(decoder: nn.Module, tracks: Sequence[Track]) -> nn.Module:
    """Return a copy whose larger layers hold int8 steps, fitted to what ``tracks`` play.

    ``decoder`` as the exporter takes it, with its ``state_size``; where it is one of ours its
    hidden units are rescaled first (:mod:`ddsp_edge.training.export.equalising`).
    """
    decoder = equalised(decoder) if isinstance(decoder, FrameDecoder) else copy.deepcopy(decoder)
    decoder.eval()
    for layer, inputs in _inputs(decoder, tracks).items():
        if layer.weight.numel() >= MIN_WEIGHTS:  # the quantizer leaves smaller ones alone
            _round_layer(layer, inputs)
    return decoder


def _inputs(decoder: nn.Module, tracks: Sequence[Track]) -> dict[nn.Linear, np.ndarray]:
    """Return the inputs of each linear layer while the tracks are played, (frames, inputs)."""
    seen: dict[nn.Linear, list[torch.Tensor]] = {}
    layers = [layer for layer in decoder.modules() if isinstance(layer, nn.Linear)]
    hooks = [
        layer.register_forward_pre_hook(lambda m, x: seen.setdefault(m, []).append(x[0].detach()))
        for layer in layers
    ]
    with torch.no_grad():
        for track in tracks:
            state = torch.zeros(cast(int, decoder.state_size))
            for f0, loudness in zip(*track, strict=True):
                *_, state = decoder(torch.tensor([f0]), torch.tensor([loudness]), state)
    for hook in hooks:
        hook.remove()
    return {layer: torch.cat(rows).double().numpy() for layer, rows in seen.items()}


def _round_layer(layer: nn.Linear, inputs: np.ndarray) -> None:
    weight = layer.weight.detach().double().numpy().copy()
    step = np.abs(weight).max() / LEVELS
    if step == 0.0:
        return  # nothing but a bias
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
