"""The network of a finished instrument, taken out of its file to be trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.tflite.network import UnknownGraphError, read_network
from ddsp_edge.training.networks.model import SIZES, EdgeDecoder


def network_of(bundle: Bundle, size: str = "small") -> EdgeDecoder:
    """The network of one of our bundles, to train on; ``size`` is the one of SIZES that it has.

    Raises UserError for another network.
    """
    try:
        file = read_network(bundle.model)
        (at, slope), (loud_at, loud_slope) = file.pitch, file.loudness
        shape = replace(SIZES[size], pitch=(at, slope), loudness=(loud_at, loud_slope))
        model = EdgeDecoder(shape)
        first, second = file.layers
        inputs, states = file.gates[:3], file.gates[3:]
        body, state = file.merge
        heads = (file.amplitude, file.harmonics, file.noise)
        parts = {
            "first.weight": [first.weights],
            "first.bias": [first.bias],
            "second.weight": [second.weights],
            "second.bias": [second.bias],
            "gru.weight_ih_l0": [layer.weights for layer in inputs],
            "gru.bias_ih_l0": [layer.bias for layer in inputs],
            "gru.weight_hh_l0": [layer.weights for layer in states],
            "gru.bias_hh_l0": [layer.bias for layer in states],
            "dense.weight": [np.concatenate([body.weights, state.weights], axis=1)],
            "dense.bias": [body.bias + state.bias],
            "head.weight": [layer.weights for layer in heads],
            "head.bias": [layer.bias for layer in heads],
        }
        model.load_state_dict(
            {name: torch.from_numpy(np.concatenate(part)) for name, part in parts.items()}
        )
    except (UnknownGraphError, ValueError, RuntimeError) as error:
        raise UserError(f"{bundle.path or bundle.info.name}: no {size} network of ours") from error
    return model
