"""The kernel's sound in torch, differentiable with respect to the controls.

Frame i of the controls is reached at sample i * hop (linear ramps between, as the
kernel's), so a crop of T frames is (T - 1) * hop samples long.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ddsp_edge.training import c_loops
from ddsp_edge.training.fit import fast

#: As the frames of native/src/synthesis/noise.c: 256 samples at 48 kHz, 65 bands.
SHORTEST_NOISE_S = 0.005


def mask_and_normalise(
    amplitude: Tensor, harmonics: Tensor, f0_hz: Tensor, band_limit_hz: float
) -> Tensor:
    """[b, f], [b, f, n], [b, f] -> amplitude of each harmonic [b, f, n]; none above the limit."""
    k = torch.arange(1, harmonics.shape[-1] + 1, device=f0_hz.device)
    kept = harmonics * (k * f0_hz[..., None] < band_limit_hz)
    return amplitude[..., None] * kept / kept.sum(dim=-1, keepdim=True).clamp(min=1e-9)


def harmonic(amplitudes: Tensor, f0_hz: Tensor, rate: int, hop: int) -> Tensor:
    """[b, f, n] amplitudes and [b, f] Hz -> [b, (f - 1) * hop] samples.

    Amplitudes at and above half the rate must be zero (:func:`mask_and_normalise`).
    """
    batch, _, n = amplitudes.shape
    with torch.no_grad():
        up = torch.arange(1, hop + 1, dtype=torch.float64, device=f0_hz.device) / hop
        f0 = f0_hz.double()
        hz = f0[:, :-1, None] * (1 - up) + f0[:, 1:, None] * up
        phase = torch.cumsum(hz.reshape(batch, -1) / rate, dim=1)
        phase = phase - phase.floor()
        lowest = torch.minimum(f0[:, :-1], f0[:, 1:]).clamp(min=1.0)
        count = (rate / 2 / lowest).ceil().clamp(max=n)
    if c_loops.usable(amplitudes):
        return fast.Harmonic.apply(amplitudes, phase, count, hop)
    basis = _sines(phase.float().reshape(-1, 1, hop), n)
    ends = torch.stack([amplitudes[:, :-1], amplitudes[:, 1:]], dim=2).reshape(-1, 2, n)
    both = torch.bmm(ends, basis)
    ramp = up.float()
    return (both[:, 0] * (1 - ramp) + both[:, 1] * ramp).reshape(batch, -1)


@torch.no_grad()
def _sines(turns: Tensor, n: int) -> Tensor:
    """sin(2 pi k turns), k = 1..n: [rows, 1, m] -> [rows, n, m], by the sum of two angles."""
    low = math.isqrt(n)
    high = -(-n // low)

    def table(k: Tensor) -> tuple[Tensor, Tensor]:
        angle = turns * k.to(turns.device)[:, None]
        angle = (angle - angle.round()) * (2 * math.pi)
        return torch.sin(angle), torch.cos(angle)

    sin_low, cos_low = table(torch.arange(low))
    sin_high, cos_high = table(1 + low * torch.arange(high))
    basis = sin_high[:, :, None] * cos_low[:, None]
    basis.addcmul_(cos_high[:, :, None], sin_low[:, None])
    return basis.reshape(len(turns), low * high, -1)[:, :n]


def noise(magnitudes: Tensor, rate: int, hop: int, generator: torch.Generator) -> Tensor:
    """[b, f, m] gains on uniform white noise, over 0..rate/2 -> [b, (f - 1) * hop]."""
    batch, frames, bands = magnitudes.shape
    device = magnitudes.device
    size = 2 ** math.ceil(math.log2(max(SHORTEST_NOISE_S * rate, 2 * (bands - 1))))
    length, step = (frames - 1) * hop, size // 2
    count = -(-length // step) + 1
    centres = (torch.arange(count, device=device) * step).clamp(max=length - 1) / hop
    low = centres.long().clamp(max=frames - 2)
    part = (centres - low)[None, :, None]
    at = magnitudes[:, low] * (1 - part) + magnitudes[:, low + 1] * part
    shape = F.interpolate(at, size=size // 2 + 1, mode="linear", align_corners=True)
    u = torch.rand(batch, count, size // 2 + 1, 2, generator=generator).to(device) * 2 - 1
    # White uniform noise has variance 1/3; each bin's real and imaginary part has 1/3 too.
    spectrum = torch.view_as_complex(u) * math.sqrt(size / 2.0)
    window = torch.sqrt(torch.hann_window(size, device=device))
    pieces = torch.fft.irfft(shape * spectrum, n=size) * window
    # Two overlapping halves: the second of each frame meets the first of the next.
    halves = pieces[:, 1:, :step] + pieces[:, :-1, step:]
    return halves.reshape(batch, -1)[:, :length]


def sound(
    amplitude: Tensor,
    harmonics: Tensor,
    noise_magnitudes: Tensor,
    f0_hz: Tensor,
    rate: int,
    hop: int,
    generator: torch.Generator,
) -> Tensor:
    """A decoder's controls [b, f], [b, f, n], [b, f, m] at [b, f] Hz -> [b, (f - 1) * hop]."""
    amplitudes = mask_and_normalise(amplitude, harmonics, f0_hz, rate / 2)
    return harmonic(amplitudes, f0_hz, rate, hop) + noise(noise_magnitudes, rate, hop, generator)


def reverberate(
    dry: Tensor, response: Tensor, which: Tensor | None = None, last: int | None = None
) -> Tensor:
    """[b, samples] and an impulse response without the direct sound -> [b, samples].

    ``response`` is [n], or [rooms, n] and ``which`` [b] the room of each. ``last`` samples at the
    end, where only those are wanted (default: all).
    """
    count = dry.shape[1]
    last = count if last is None else last
    return dry[:, -last:] + _Convolution.apply(dry, response, which, last)


class _Convolution(torch.autograd.Function):
    """The last samples of a convolution in the frequency domain.

    Torch's own gradient of a real transform takes a complex one, four times as long.
    """

    @staticmethod
    def forward(ctx: Any, dry: Tensor, response: Tensor, which: Tensor | None, last: int) -> Tensor:
        count, late = dry.shape[1], response.shape[-1]
        # What wraps around falls on the first samples: it may, where nobody asks for them.
        size = _even(count + max(0, late - 1 - (count - last)))
        heard, spectra = torch.fft.rfft(response, n=size), torch.fft.rfft(dry, n=size)
        ctx.save_for_backward(heard, spectra, which)
        ctx.sizes = size, count, late, last
        product = spectra * (heard if which is None else heard[which])
        return torch.fft.irfft(product, n=size)[:, count - last : count]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        heard, spectra, which = ctx.saved_tensors
        size, count, late, last = ctx.sizes
        slope = torch.fft.rfft(F.pad(gradients[0], (count - last, 0)), n=size)
        to_dry = to_response = None
        if ctx.needs_input_grad[0]:
            across = heard if which is None else heard[which]
            to_dry = torch.fft.irfft(slope * across.conj(), n=size)[:, :count]
        if ctx.needs_input_grad[1]:
            rows = slope * spectra.conj()
            summed = (
                rows.sum(0) if which is None else torch.zeros_like(heard).index_add(0, which, rows)
            )
            to_response = torch.fft.irfft(summed, n=size)[..., :late]
        return to_dry, to_response, None, None


def _even(size: int) -> int:
    """The next multiple of a large power of two: transforms of others may be slow."""
    step = 1 << max(1, size.bit_length() - 4)
    return -(-size // step) * step
