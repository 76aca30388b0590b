"""The kernel's sound in torch, differentiable with respect to the controls.

Frame i of the controls is reached at sample i * hop (linear ramps between, as the
kernel's), so a crop of T frames is (T - 1) * hop samples long.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

NOISE_SIZE = 256  #: as the kernel's frames at 48 kHz and 65 bands


def mask_and_normalise(
    amplitude: Tensor, harmonics: Tensor, f0_hz: Tensor, band_limit_hz: float
) -> Tensor:
    """[b, f], [b, f, n], [b, f] -> amplitude of each harmonic [b, f, n]; none above the limit."""
    k = torch.arange(1, harmonics.shape[-1] + 1)
    kept = harmonics * (k * f0_hz[..., None] < band_limit_hz)
    return amplitude[..., None] * kept / kept.sum(dim=-1, keepdim=True).clamp(min=1e-9)


def harmonic(amplitudes: Tensor, f0_hz: Tensor, rate: int, hop: int) -> Tensor:
    """[b, f, n] amplitudes and [b, f] Hz -> [b, (f - 1) * hop] samples."""
    batch, _, n = amplitudes.shape
    with torch.no_grad():
        up = torch.arange(1, hop + 1, dtype=torch.float64) / hop
        f0 = f0_hz.double()
        hz = f0[:, :-1, None] * (1 - up) + f0[:, 1:, None] * up
        phase = torch.cumsum(hz.reshape(batch, -1) / rate, dim=1)
        phase = (phase - phase.floor()).float()
        angle = phase.reshape(-1, hop, 1) * torch.arange(1, n + 1)
        basis = torch.sin((angle - angle.round()) * (2 * math.pi))  # [b * (f - 1), hop, n]
    ends = torch.stack([amplitudes[:, :-1], amplitudes[:, 1:]], dim=-1).reshape(-1, n, 2)
    both = torch.bmm(basis, ends)
    ramp = up.float()
    return (both[..., 0] * (1 - ramp) + both[..., 1] * ramp).reshape(batch, -1)


def noise(magnitudes: Tensor, rate: int, hop: int, generator: torch.Generator) -> Tensor:
    """[b, f, m] gains on uniform white noise, over 0..rate/2 -> [b, (f - 1) * hop]."""
    batch, frames, _ = magnitudes.shape
    length, step = (frames - 1) * hop, NOISE_SIZE // 2
    count = length // step + 2
    centres = (torch.arange(count) * step).clamp(max=length - 1) / hop
    low = centres.long().clamp(max=frames - 2)
    part = (centres - low)[None, :, None]
    at = magnitudes[:, low] * (1 - part) + magnitudes[:, low + 1] * part
    shape = F.interpolate(at, size=NOISE_SIZE // 2 + 1, mode="linear", align_corners=True)
    u = torch.rand(batch, count, NOISE_SIZE // 2 + 1, 2, generator=generator) * 2 - 1
    # White uniform noise has variance 1/3; each bin's real and imaginary part has 1/3 too.
    spectrum = torch.view_as_complex(u) * math.sqrt(NOISE_SIZE / 2.0)
    window = torch.sqrt(torch.hann_window(NOISE_SIZE))
    pieces = torch.fft.irfft(shape * spectrum, n=NOISE_SIZE) * window
    folded = F.fold(
        pieces.transpose(1, 2),
        (1, (count + 1) * step),
        (1, NOISE_SIZE),
        stride=(1, step),
    ).reshape(batch, -1)
    return folded[:, step : step + length]
