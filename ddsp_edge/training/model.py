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

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ddsp_edge.scaling import SILENCE_DB

#: pw_scaled = 0 is SILENCE_DB: the gain there, taken off so that it becomes exactly 0.
_FLOOR = 10 ** (SILENCE_DB / 20)

_GRU_PARAMETERS = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")


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


class EdgeDecoder(nn.Module):
    """``forward`` is one frame (what is exported), ``sequence`` many (what is trained)."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        self.first = nn.Linear(2, shape.hidden)
        self.second = nn.Linear(shape.hidden, shape.hidden)
        self.gru = nn.GRU(shape.hidden, shape.state_size, batch_first=True)
        self.dense = nn.Linear(shape.state_size + shape.hidden, shape.dense)
        self.head = nn.Linear(shape.dense, 1 + shape.n_harmonics + shape.n_noise)
        with torch.no_grad():
            self.head.weight.mul_(0.3)
            # Start near a plucked-string rolloff with quiet noise: any sound is closer than a buzz.
            k = torch.arange(1, shape.n_harmonics + 1)
            self.head.bias[0] = 0.5
            self.head.bias[1 : 1 + shape.n_harmonics] = -1.5 * torch.log(k)
            self.head.bias[1 + shape.n_harmonics :] = -4.0

    def forward(
        self, f0_scaled: Tensor, pw_scaled: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """[1], [1], [state_size] -> amplitude [1], harmonics [n], noise [m], state."""
        pitch, loudness = f0_scaled.reshape(1, 1), pw_scaled.reshape(1, 1)
        body = self._body(pitch, loudness)
        previous = state.reshape(1, -1)
        size = self.shape.state_size
        weights = (self.gru.get_parameter(f"{kind}_l0") for kind in _GRU_PARAMETERS)
        in_weight, in_bias, state_weight, state_bias = weights
        gates = F.linear(body, in_weight, in_bias)
        past = F.linear(previous, state_weight, state_bias)
        reset = torch.sigmoid(gates[:, :size] + past[:, :size])
        update = torch.sigmoid(gates[:, size : 2 * size] + past[:, size : 2 * size])
        fresh = torch.tanh(gates[:, 2 * size :] + reset * past[:, 2 * size :])
        now = fresh + update * (previous - fresh)
        amplitude, harmonics, noise = self._heads(body, now, loudness)
        return amplitude.reshape(1), harmonics.reshape(-1), noise.reshape(-1), now.reshape(-1)

    def sequence(
        self, f0_scaled: Tensor, pw_scaled: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[batch, frames] twice -> amplitude [b, f], harmonics [b, f, n], noise [b, f, m]."""
        body = self._body(f0_scaled[..., None], pw_scaled[..., None])
        states, _ = self.gru(body)
        amplitude, harmonics, noise = self._heads(body, states, pw_scaled[..., None])
        return amplitude[..., 0], harmonics, noise

    def _body(self, pitch: Tensor, loudness: Tensor) -> Tensor:
        (pitch_at, pitch_slope), (loud_at, loud_slope) = self.shape.pitch, self.shape.loudness
        x = torch.cat(
            [(pitch - pitch_at) * pitch_slope, (loudness - loud_at) * loud_slope], dim=-1
        )
        x = F.leaky_relu(self.first(x), 0.1)
        return F.leaky_relu(self.second(x), 0.1)

    def _heads(
        self, body: Tensor, state: Tensor, loudness: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = F.leaky_relu(self.dense(torch.cat([body, state], dim=-1)), 0.1)
        x = self.head(x)
        n = self.shape.n_harmonics
        # 10 ** (dB / 20) with dB = 80 * (pw_scaled - 1).
        gain = torch.exp((loudness - 1.0) * (-SILENCE_DB / 20 * math.log(10))) - _FLOOR
        gain = torch.clamp(gain, min=0.0)
        amplitude = gain * torch.exp(torch.clamp(x[..., :1], -6.0, 4.0))
        harmonics = torch.softmax(x[..., 1 : 1 + n], dim=-1)
        noise = gain * torch.exp(torch.clamp(x[..., 1 + n :], -16.0, 3.0))
        return amplitude, harmonics, noise

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())
