"""Decoders without recurrence: their memory is of the inputs alone, so nothing can drift.

Either running means of pitch and loudness with fixed time constants ("smoothing"), or both as
they were some frames ago ("delays", a causal convolution), go through dense layers into the
heads of :class:`ddsp_edge.training.networks.model.EdgeDecoder`. The search (docs/decoder.md)
compares them with recurrent ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ddsp_edge.training.networks.model import centred, new_heads, outputs, part_of


@dataclass(frozen=True)
class FeedForwardShape:
    """Sizes of a :class:`FeedForwardDecoder`; ``pitch`` and ``loudness`` as in ``Shape``."""

    n_harmonics: int = 100
    n_noise: int = 65
    smoothing: tuple[float, ...] = (2.0, 8.0, 32.0, 128.0)  #: time constants, frames
    delays: tuple[int, ...] = ()  #: frames, ascending
    widths: tuple[int, ...] = (64, 64, 64)
    pitch: tuple[float, float] = (0.5, 8.0)
    loudness: tuple[float, float] = (0.6, 4.0)

    @property
    def state_size(self) -> int:
        return 2 * (len(self.smoothing) + max(self.delays, default=0))

    @property
    def inputs(self) -> int:
        return 2 * (1 + len(self.smoothing) + len(self.delays))

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class FeedForwardDecoder(nn.Module):
    """Many frames at once, for training; the same interface as ``EdgeDecoder``."""

    def __init__(self, shape: FeedForwardShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or FeedForwardShape()
        sizes = [shape.inputs, *shape.widths]
        self.layers = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.head = new_heads(sizes[-1], shape.n_harmonics, shape.n_noise)

    def sequence(self, f0_scaled: Tensor, pw_scaled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[batch, frames] twice -> amplitude [b, f], harmonics [b, f, n], noise [b, f, m]."""
        shape, loudness = self.shape, pw_scaled[..., None]
        x = centred(shape, f0_scaled[..., None], loudness)
        frames = x.shape[1]
        lag = (torch.arange(frames)[:, None] - torch.arange(frames)).to(x)
        heard = [x]
        for constant in shape.smoothing:
            share = 1 / (1 + constant)
            kernel = torch.where(lag >= 0, share * (1 - share) ** lag.clamp(min=0), 0.0)
            heard.append(x - kernel @ x)
        heard += [F.pad(x, (0, 0, delay, 0))[:, :frames] for delay in shape.delays]
        x = torch.cat(heard, dim=-1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
        sizes = [1, shape.n_harmonics, shape.n_noise]
        amplitude, harmonics, noise = torch.split(self.head(x), sizes, dim=-1)
        amplitude, harmonics, noise = outputs(amplitude, harmonics, noise, loudness)
        return amplitude[..., 0], harmonics, noise

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def frame_decoder(self) -> FeedForwardFrameDecoder:
        return FeedForwardFrameDecoder(self)


class FeedForwardFrameDecoder(nn.Module):
    """One frame: what is exported. The state is the means, then the frames of before."""

    share: Tensor

    def __init__(self, trained: FeedForwardDecoder) -> None:
        super().__init__()
        self.shape = shape = trained.shape
        self.state_size = shape.state_size
        self.means = 2 * len(shape.smoothing)
        share = [1 / (1 + constant) for constant in shape.smoothing for _ in range(2)]
        self.register_buffer("share", torch.tensor([share], dtype=torch.float32))
        first = trained.layers[0]
        assert isinstance(first, nn.Linear)
        at = 2 + self.means
        self.first = part_of(first.weight[:, :at], first.bias, slice(None))
        past = torch.zeros(len(first.bias), shape.state_size - self.means)
        for i, delay in enumerate(shape.delays):
            source = first.weight.detach()[:, at + 2 * i : at + 2 * i + 2]
            past[:, 2 * delay - 2 : 2 * delay] = source
        if shape.delays:
            self.past = part_of(past, torch.zeros_like(first.bias), slice(None))
        self.names = [f"dense_{i}" for i in range(1, len(trained.layers))]
        for name, layer in zip(self.names, list(trained.layers)[1:], strict=True):
            assert isinstance(layer, nn.Linear)
            setattr(self, name, part_of(layer.weight, layer.bias, slice(None)))
        head, n = trained.head, shape.n_harmonics
        rows = [slice(0, 1), slice(1, 1 + n), slice(1 + n, None)]
        heads = (part_of(head.weight, head.bias, each) for each in rows)
        self.amplitude, self.harmonics, self.noise = heads

    def forward(
        self, f0_scaled: Tensor, pw_scaled: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        pitch, loudness = f0_scaled.reshape(1, 1), pw_scaled.reshape(1, 1)
        now = centred(self.shape, pitch, loudness)
        before = state.reshape(1, -1)
        heard, following = [now], []
        if self.means:
            many = torch.cat([now] * len(self.shape.smoothing), dim=-1)
            means = before[:, : self.means]
            means = means + self.share * (many - means)
            heard.append(many - means)
            following.append(means)
        x = self.first(torch.cat(heard, dim=-1))
        if self.shape.delays:
            past = before[:, self.means :]
            x = x + self.past(past)
            following += [now, past[:, :-2]]
        x = F.leaky_relu(x, 0.1)
        for name in self.names:
            x = F.leaky_relu(getattr(self, name)(x), 0.1)
        amplitude, harmonics, noise = outputs(
            self.amplitude(x), self.harmonics(x), self.noise(x), loudness
        )
        after = torch.cat(following, dim=-1)
        return amplitude.reshape(1), harmonics.reshape(-1), noise.reshape(-1), after.reshape(-1)
