"""Hidden units rescaled so that one int8 step suits all weights of a layer.

A leaky ReLU lets a positive factor through: a unit may be made larger by the layers that write it
and smaller again by those that read it, and nothing that is heard changes (Nagel et al.,
"Data-Free Quantization", ICCV 2019). An int8 layer has one step for all of its weights, set by
its largest: here every unit is given the factor that keeps its weights from being small beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ddsp_edge.training.networks.model import FrameDecoder

ROUNDS = 8  #: the factors of neighbouring layers depend on each other
LEAST = 1e-3  #: the smallest share of its layer's largest weight that a unit is taken to have


@torch.no_grad()
def equalised(decoder: FrameDecoder) -> FrameDecoder:
    """A copy that answers as ``decoder`` does, to float32's precision, and rounds better.

    The GRU's own states stay as they are: a tanh lets no factor through.
    """
    decoder = copy.deepcopy(decoder)
    behind = [decoder.in_reset, decoder.in_update, decoder.in_new, decoder.dense_body]
    merged, heads = [decoder.dense_body, decoder.dense_state], [decoder.harmonics, decoder.noise]
    for _ in range(ROUNDS):
        # The first layer stays float32 (it is small), so its units take any factor.
        _rescale([decoder.first], [decoder.second], _largest([decoder.second], 0))
        read, written = _largest(behind, 0), _largest([decoder.second], 1)
        _rescale([decoder.second], behind, torch.sqrt(read / written))
        # So does the layer of the amplitude: it follows, and has no say.
        read, written = _largest(heads, 0), _largest(merged, 1)
        _rescale(merged, [*heads, decoder.amplitude], torch.sqrt(read / written))
    return decoder


def _largest(layers: Sequence[nn.Linear], axis: int) -> Tensor:
    """Each unit's largest weight in any of the layers, as a share of that layer's largest.

    ``axis`` 0: of the units that the layers read, (inputs,); 1: that they write, (outputs,).
    """
    shares = [
        layer.weight.abs().amax(axis) / layer.weight.abs().max().clamp(min=1e-12)
        for layer in layers
    ]
    return torch.stack(shares).amax(0).clamp(min=LEAST)


def _rescale(writers: Sequence[nn.Linear], readers: Sequence[nn.Linear], factors: Tensor) -> None:
    """Make units larger by ``factors`` (units,), above 0, and their readers' weights smaller."""
    for layer in writers:
        layer.weight.mul_(factors[:, None])
        layer.bias.mul_(factors)
    for layer in readers:
        layer.weight.div_(factors)
