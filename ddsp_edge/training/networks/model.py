"""The edge decoder: a small recurrent network from pitch and loudness to controls.

After Engel et al., "DDSP" (ICLR 2020), at the size that Volhejn (MSc thesis, ETH 2022) and
Giudici et al. ("Distilling DDSP", 2025) found to be enough. Two things differ: the level is
applied by construction (a gain from the loudness input times a learnt correction), so that
loudness tracks and silence is exactly silent; and outputs are exponentials of what the
network says, so that a small error is a small number of decibels everywhere.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ddsp_edge.units import SILENCE_DB, db_to_gain

#: pw_scaled = 0 is SILENCE_DB: the gain there, taken off so that it becomes exactly 0.
_FLOOR = db_to_gain(SILENCE_DB)


@dataclass(frozen=True)
class Shape:
    """Sizes of an :class:`EdgeDecoder`; ``pitch`` and ``loudness`` centre its inputs."""

    n_harmonics: int = 100
    n_noise: int = 65
    state_size: int = 96
    hidden: int = 64
    dense: int = 96
    pitch: tuple[float, float] = (0.5, 8.0)  #: (centre, slope) of f0_scaled
    loudness: tuple[float, float] = (0.6, 4.0)  #: (centre, slope) of pw_scaled

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


#: "large" teaches; "small" is what the search found to be enough, and "tiny" costs 4 to 5 % of the
#: loss (docs/decoder.md).
SIZES = {
    "large": Shape(),
    "small": Shape(state_size=32, hidden=32, dense=64),
    "tiny": Shape(state_size=24, hidden=16, dense=16),
}


class EdgeDecoder(nn.Module):
    """Many frames at once, for training; :class:`FrameDecoder` is the same one at a time."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        self.first = nn.Linear(2, shape.hidden)
        self.second = nn.Linear(shape.hidden, shape.hidden)
        self.gru = nn.GRU(shape.hidden, shape.state_size, batch_first=True)
        self.dense = nn.Linear(shape.state_size + shape.hidden, shape.dense)
        self.head = new_heads(shape.dense, shape.n_harmonics, shape.n_noise)

    def sequence(self, f0_scaled: Tensor, pw_scaled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[batch, frames] twice -> amplitude [b, f], harmonics [b, f, n], noise [b, f, m]."""
        loudness = pw_scaled[..., None]
        body = self._body(f0_scaled[..., None], loudness)
        states, _ = self.gru(body)
        x = F.leaky_relu(self.dense(torch.cat([body, states], dim=-1)), 0.1)
        n = self.shape.n_harmonics
        amplitude, harmonics, noise = torch.split(self.head(x), [1, n, self.shape.n_noise], dim=-1)
        amplitude, harmonics, noise = outputs(amplitude, harmonics, noise, loudness)
        return amplitude[..., 0], harmonics, noise

    def _body(self, pitch: Tensor, loudness: Tensor) -> Tensor:
        x = centred(self.shape, pitch, loudness)
        x = F.leaky_relu(self.first(x), 0.1)
        return F.leaky_relu(self.second(x), 0.1)

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def frame_decoder(self) -> FrameDecoder:
        return FrameDecoder(self)


class Centres(Protocol):
    """The part of a shape that concerns the inputs."""

    @property
    def pitch(self) -> tuple[float, float]: ...
    @property
    def loudness(self) -> tuple[float, float]: ...


def new_heads(width: int, n_harmonics: int, n_noise: int) -> nn.Linear:
    """Make the output layer for amplitude, harmonics and noise with its initial weights."""
    head = nn.Linear(width, 1 + n_harmonics + n_noise)
    with torch.no_grad():
        head.weight.mul_(0.3)
        # Start near a bowed string's rolloff with quiet noise: closer to any sound than a buzz.
        head.bias[0] = 0.5
        head.bias[1 : 1 + n_harmonics] = -1.5 * torch.log(torch.arange(1, n_harmonics + 1))
        head.bias[1 + n_harmonics :] = -4.0
    return head


def centred(shape: Centres, pitch: Tensor, loudness: Tensor) -> Tensor:
    """[..., 1] twice -> [..., 2], about -1..1 over the instrument's range."""
    (pitch_at, pitch_slope), (loud_at, loud_slope) = shape.pitch, shape.loudness
    return torch.cat([(pitch - pitch_at) * pitch_slope, (loudness - loud_at) * loud_slope], dim=-1)


def outputs(
    amplitude: Tensor, harmonics: Tensor, noise: Tensor, loudness: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What the heads say and the loudness input -> amplitude, distribution, noise gains."""
    # 10 ** (dB / 20) with dB = 80 * (pw_scaled - 1).
    gain = torch.exp((loudness - 1.0) * (-SILENCE_DB / 20 * math.log(10))) - _FLOOR
    gain = torch.clamp(gain, min=0.0)
    return (
        gain * torch.exp(torch.clamp(amplitude, -6.0, 4.0)),
        torch.softmax(harmonics, dim=-1),
        gain * torch.exp(torch.clamp(noise, -16.0, 3.0)),
    )


class FrameDecoder(nn.Module):
    """One frame: what is exported. [1], [1], [state_size] -> [1], [n], [m], [state_size].

    Every gate and head is a layer of its own, so that each gets its own int8 scale: that
    takes four fifths of the error off the amplitude, and costs nothing.
    """

    def __init__(self, trained: EdgeDecoder) -> None:
        super().__init__()
        self.shape = shape = trained.shape
        self.first, self.second = _linear(trained.first), _linear(trained.second)
        gru = trained.gru
        inputs = (gru.get_parameter("weight_ih_l0"), gru.get_parameter("bias_ih_l0"))
        states = (gru.get_parameter("weight_hh_l0"), gru.get_parameter("bias_hh_l0"))
        self.state_size = size = shape.state_size
        n = shape.n_harmonics
        rows = [slice(0, size), slice(size, 2 * size), slice(2 * size, None)]
        self.in_reset, self.in_update, self.in_new = (part_of(*inputs, at) for at in rows)
        self.reset, self.update, self.new = (part_of(*states, at) for at in rows)
        dense = trained.dense
        self.dense_body = part_of(dense.weight[:, : shape.hidden], dense.bias, slice(None))
        no_bias = torch.zeros_like(dense.bias)
        self.dense_state = part_of(dense.weight[:, shape.hidden :], no_bias, slice(None))
        head = trained.head
        rows = [slice(0, 1), slice(1, 1 + n), slice(1 + n, None)]
        heads = (part_of(head.weight, head.bias, at) for at in rows)
        self.amplitude, self.harmonics, self.noise = heads

    def forward(
        self, f0_scaled: Tensor, pw_scaled: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        pitch, loudness = f0_scaled.reshape(1, 1), pw_scaled.reshape(1, 1)
        body = F.leaky_relu(self.first(centred(self.shape, pitch, loudness)), 0.1)
        body = F.leaky_relu(self.second(body), 0.1)
        before = state.reshape(1, -1)
        reset = torch.sigmoid(self.in_reset(body) + self.reset(before))
        update = torch.sigmoid(self.in_update(body) + self.update(before))
        new = torch.tanh(self.in_new(body) + reset * self.new(before))
        now = new + update * (before - new)
        x = F.leaky_relu(self.dense_state(now) + self.dense_body(body), 0.1)
        amplitude, harmonics, noise = outputs(
            self.amplitude(x), self.harmonics(x), self.noise(x), loudness
        )
        return amplitude.reshape(1), harmonics.reshape(-1), noise.reshape(-1), now.reshape(-1)


def _linear(layer: nn.Linear) -> nn.Linear:
    return part_of(layer.weight, layer.bias, slice(None))


def part_of(weight: Tensor, bias: Tensor, rows: slice) -> nn.Linear:
    """A layer of its own from rows of another."""
    weight, bias = weight[rows].detach().clone(), bias[rows].detach().clone()
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer
