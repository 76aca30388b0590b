"""The network of DDSP-VST in torch: :class:`VstModel` to train, :class:`VstDecoder` to export.

FC stacks of 256 for pitch and loudness, GRU of 512, FC stack of 256, one dense layer for all
controls, exp_sigmoid on each (Engel et al., "DDSP", ICLR 2020, and DDSP-VST's recipe). Its own
files hold the one step of the GRU as a WHILE loop, which torch has no way to write: the tests
make such a graph by hand (tests/tiny_decoder.py).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from ddsp_edge.bundles.vst_check import STATE_SIZE
from ddsp_edge.training.networks.gru import Gru
from ddsp_edge.training.profiles import VST

CHANNELS = 256
#: DDSP-VST's frame_size: the window of its loudness in samples, not the hop (320).
FRAME_SIZE = 1024
NOISE_BIAS = 5.0  #: the noise starts this far below the harmonics


def exp_sigmoid(x: torch.Tensor) -> torch.Tensor:
    """:func:`ddsp_edge.units.exp_sigmoid` on a tensor."""
    return 2.0 * torch.sigmoid(x) ** math.log(10.0) + 1e-7


class FcStack(nn.Sequential):
    """Dense, layer norm, leaky ReLU: (n_in,) to (n_out,)."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(nn.Linear(n_in, n_out), nn.LayerNorm(n_out, 1e-3), nn.LeakyReLU(0.2))


class GruStep(nn.Module):
    """One step of a GRU out of dense layers, which is what a TFLite runtime does fast.

    ``forward(x (n_in,), h (size,)) -> (size,)``; torch's gate order and reset after the product.
    """

    def __init__(self, n_in: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.from_input = nn.Linear(n_in, 3 * size)
        self.from_state = nn.Linear(size, 3 * size)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        reset_x, update_x, new_x = torch.split(self.from_input(x), self.size, dim=-1)
        reset_h, update_h, new_h = torch.split(self.from_state(h), self.size, dim=-1)
        reset, update = torch.sigmoid(reset_x + reset_h), torch.sigmoid(update_x + update_h)
        new = torch.tanh(new_x + reset * new_h)
        return new + update * (h - new)


def _controls(
    raw: torch.Tensor, f0_scaled: torch.Tensor, numbers: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What the heads say, [..., 1 + n + m], and f0_scaled [..., 1] -> amplitude [..., 1], shares
    of the harmonics [..., n] and gains of the noise [..., m]; ``numbers`` are 1 .. n."""
    n = numbers.shape[-1]
    amplitude, harmonics, noise = torch.split(raw, [1, n, raw.shape[-1] - 1 - n], dim=-1)
    # Harmonics above half the sample rate are taken out here, as DDSP-VST's files do.
    f0_hz = 440.0 * torch.exp((f0_scaled * 127.0 - 69.0) * (math.log(2.0) / 12.0))
    harmonics = exp_sigmoid(harmonics) * (f0_hz * numbers < VST.sample_rate / 2).float()
    harmonics = harmonics / (harmonics.sum(dim=-1, keepdim=True) + 1e-7)
    return exp_sigmoid(amplitude), harmonics, exp_sigmoid(noise - NOISE_BIAS)


class _Network(nn.Module):
    """The layers of both; sizes can be shrunk for quick tests."""

    numbers: torch.Tensor  #: of the harmonics, [1, n_harmonics]

    def __init__(
        self,
        channels: int = CHANNELS,
        state_size: int = STATE_SIZE,
        n_harmonics: int = VST.n_harmonics,
        n_noise: int = VST.n_noise,
    ) -> None:
        super().__init__()
        self.channels, self.state_size = channels, state_size
        self.n_harmonics, self.n_noise = n_harmonics, n_noise
        self.f0_stack, self.pw_stack = FcStack(1, channels), FcStack(1, channels)
        self.gru = self._recurrent(2 * channels, state_size)
        self.out_stack = FcStack(2 * channels + state_size, channels)
        self.heads = nn.Linear(channels, 1 + n_harmonics + n_noise)
        self.register_buffer("numbers", torch.arange(1.0, n_harmonics + 1)[None], False)

    def _recurrent(self, n_inputs: int, state_size: int) -> nn.Module:
        raise NotImplementedError


class VstModel(_Network):
    """Many frames at once, for training; :meth:`frame_decoder` is the same one at a time."""

    def _recurrent(self, n_inputs: int, state_size: int) -> nn.Module:
        return Gru(n_inputs, state_size)

    def sequence(
        self, f0_scaled: torch.Tensor, pw_scaled: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[batch, frames] twice -> amplitude [b, f], harmonics [b, f, n], noise [b, f, m]."""
        f0 = f0_scaled[..., None]
        x = torch.cat([self.f0_stack(f0), self.pw_stack(pw_scaled[..., None])], dim=-1)
        states, _ = self.gru(x)
        raw = self.heads(self.out_stack(torch.cat([x, states], dim=-1)))
        amplitude, harmonics, noise = _controls(raw, f0, self.numbers)
        return amplitude[..., 0], harmonics, noise

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def frame_decoder(self) -> VstDecoder:
        """What is exported: a copy of the weights, one frame at a time."""
        decoder = VstDecoder(self.channels, self.state_size, self.n_harmonics, self.n_noise)
        renamed = {
            name.replace("gru.weight_ih_l0", "gru.from_input.weight")
            .replace("gru.bias_ih_l0", "gru.from_input.bias")
            .replace("gru.weight_hh_l0", "gru.from_state.weight")
            .replace("gru.bias_hh_l0", "gru.from_state.bias"): value
            for name, value in self.state_dict().items()
        }
        decoder.load_state_dict(renamed)
        return decoder.eval()


class VstDecoder(_Network):
    """One frame of a decoder in DDSP-VST's shape, as it is exported."""

    def _recurrent(self, n_inputs: int, state_size: int) -> nn.Module:
        return GruStep(n_inputs, state_size)

    def forward(
        self, f0_scaled: torch.Tensor, pw_scaled: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """[1], [1], [state_size] to amplitude [1], harmonics, noise, next state; 1-D throughout."""
        f0, pw = f0_scaled.reshape(1, 1), pw_scaled.reshape(1, 1)
        x = torch.cat([self.f0_stack(f0), self.pw_stack(pw)], dim=-1)
        h = self.gru(x, state.reshape(1, -1))
        raw = self.heads(self.out_stack(torch.cat([x, h], dim=-1)))
        amplitude, harmonics, noise = _controls(raw, f0, self.numbers)
        return amplitude.reshape(-1), harmonics.reshape(-1), noise.reshape(-1), h.reshape(-1)


def _features(model: VstDecoder, pitches: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """What the heads see after 20 steady frames of each (pitch, level), (n, channels)."""
    rows = []
    for f0, pw in zip(pitches, levels, strict=True):
        state = torch.zeros(1, model.state_size)
        for _ in range(20):
            stacks = model.f0_stack(f0.reshape(1, 1)), model.pw_stack(pw.reshape(1, 1))
            x = torch.cat(stacks, dim=-1)
            state = model.gru(x, state)
        rows.append(model.out_stack(torch.cat([x, state], dim=-1))[0])
    return torch.stack(rows)


def sounding_vst_decoder(seed: int = 1, **sizes: int) -> VstDecoder:
    """A decoder that makes a plausible sound without training: seeded, and the same everywhere.

    Random body; the heads are solved (ridge regression) so that louder in is louder and
    brighter out, silence in is below -70 dB out, and the noise lies 40 dB under the harmonics.
    """
    generator = torch.Generator().manual_seed(seed)
    model = VstDecoder(**sizes)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            stack_in = name.startswith(("f0_stack.0", "pw_stack.0"))
            if parameter.dim() == 2:
                bound = 1.0 if stack_in else 1.5 / math.sqrt(parameter.shape[1])
                parameter.uniform_(-bound, bound, generator=generator)
            elif not name.endswith(".1.weight"):  # not the layer norms' gain
                bound = 0.5 if stack_in else 0.05
                parameter.uniform_(-bound, bound, generator=generator)
        pitches = torch.linspace(0.3, 0.75, 6).repeat(9)
        levels = torch.linspace(0.0, 1.0, 9).repeat_interleave(6)
        seen = torch.cat([_features(model, pitches, levels), torch.ones(len(levels), 1)], dim=-1)
        rank = torch.arange(model.n_harmonics, dtype=torch.float32)
        slope = (0.45 - 0.25 * levels)[:, None] * rank.clamp(max=24.0)
        band = torch.linspace(0.0, 1.0, model.n_noise)
        wanted = torch.cat(
            [
                -4.5 + 5.5 * levels.sqrt()[:, None],
                1.0 - slope,
                NOISE_BIAS - 6.0 + 3.5 * levels.sqrt()[:, None] - band,
            ],
            dim=-1,
        )
        gram = seen.T @ seen + 3 * torch.eye(seen.shape[1])
        solved = torch.linalg.solve(gram, seen.T @ wanted)
        model.heads.weight.copy_(solved[:-1].T)
        model.heads.bias.copy_(solved[-1])
    return model.eval()
