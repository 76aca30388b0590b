"""Loss functions: what each stage of training minimises."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ddsp_edge.training import c_loops
from ddsp_edge.training.fit import fast

SIZES = (2048, 1024, 512, 256, 128, 64)
#: Added to magnitudes before the logarithm, as the amplitude of a sine: -100 dB. Without it the
#: empty top of a recording that was an MP3 once would weigh as much as the music.
LOG_FLOOR = 1e-5
#: Levels below this do not count in the warm start: -90 dB.
AUDIBLE = 3e-5


def multi_scale_spectral(audio: Tensor, target: Tensor) -> Tensor:
    """[b, samples] twice -> scalar: Engel et al. 2020, eq. 7, as :mod:`ddsp_edge.evaluation`.

    The sum over window sizes (Hann, hop a quarter) of the mean absolute difference of
    magnitudes and of their logarithms.
    """
    if c_loops.usable(audio):
        return fast.Spectral.apply(audio, target, SIZES, 4, LOG_FLOOR)
    total = audio.new_zeros(())
    for size, a, b in magnitudes(audio, target):
        floor = LOG_FLOOR * size / 4  # half the sum of a Hann window: a sine of amplitude 1
        total = total + (a - b).abs().mean()
        total = total + (torch.log(a + floor) - torch.log(b + floor)).abs().mean()
    return total


def below_8_khz(audio: Tensor) -> Tensor:
    """[b, samples] at 48 kHz -> [b, samples / 3] at 16 kHz, with nothing folded.

    The number of samples is a multiple of 6.
    """
    spectrum = torch.fft.rfft(audio)[..., : audio.shape[-1] // 6 + 1]
    return (torch.fft.irfft(spectrum, n=audio.shape[-1] // 3) / 3).contiguous()


def magnitudes(audio: Tensor, target: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
    """[b, samples] twice -> each of SIZES, and both magnitudes [b, bins, frames]."""
    for size in SIZES:
        window = torch.hann_window(size, device=audio.device)
        ours, theirs = (
            torch.stft(x, size, size // 4, window=window, center=False, return_complex=True)
            for x in (audio, target)
        )
        # abs() of an exact zero has no gradient; the small constant is far below any floor.
        yield size, torch.sqrt(ours.real**2 + ours.imag**2 + 1e-14), theirs.abs()


def level(audio: Tensor, target: Tensor, rate: int) -> Tensor:
    """[b, samples] twice -> scalar: mean absolute difference of levels, in nepers, in stretches of
    20 ms that overlap by half. What lies below AUDIBLE counts as that."""
    size = round(0.02 * rate)
    ours, theirs = (
        0.5
        * torch.log(torch.nn.functional.avg_pool1d(x[:, None] ** 2, size, size // 2) + AUDIBLE**2)
        for x in (audio, target)
    )
    return (ours - theirs).abs().mean()


def band_energy(audio: Tensor, target: Tensor, rate: int) -> Tensor:
    """[b, samples] twice -> scalar: mean absolute difference of levels, in nepers, in bands an
    octave wide and stretches of about 40 ms.

    Two noises of one shape are alike here: what is only known in power, a room, is learnt by this.
    (By :func:`multi_scale_spectral` a known room was found 3 to 7 dB too soft.)
    """
    size = 2 ** round(math.log2(0.02 * rate))
    hz = torch.arange(size // 2 + 1, device=audio.device) * (rate / size)
    band = torch.log2(hz.clamp(min=1.0) / 125.0).floor().clamp(0, 6).long()
    levels = []
    for power in powers(audio, target, size):
        summed = power.new_zeros(len(power), 7, power.shape[2]).index_add_(1, band, power)
        levels.append(torch.nn.functional.avg_pool1d(summed, 3, 1))
    floor = (AUDIBLE * size / 4) ** 2
    ours, theirs = (0.5 * torch.log(level + floor) for level in levels)
    return (ours - theirs).abs().mean()


def powers(audio: Tensor, target: Tensor, size: int) -> list[Tensor]:
    """[b, samples] twice -> power spectra [b, bins, frames]; Hann windows, half a window apart."""
    window = torch.hann_window(size, device=audio.device)
    spectra = (
        torch.stft(x, size, size // 2, window=window, center=False, return_complex=True)
        for x in (audio, target)
    )
    return [spectrum.real**2 + spectrum.imag**2 for spectrum in spectra]


def warm_start(
    harmonics: Tensor, noise: Tensor, target_harmonics: Tensor, target_noise: Tensor, weight: Tensor
) -> Tensor:
    """Controls against analysed controls, in nepers, L1 (the median resists analysis errors).

    ``harmonics`` [b, f, n] amplitudes, ``noise`` [b, f, m] gains, ``weight`` [b, f]. Strong
    harmonics count more: each has 0.1 plus its share of the frame's summed root amplitude.
    """
    difference = (torch.log(harmonics + AUDIBLE) - torch.log(target_harmonics + AUDIBLE)).abs()
    root = torch.sqrt(target_harmonics)
    share = root / root.sum(dim=-1, keepdim=True).clamp(min=1e-6)
    importance = share + 0.1 / harmonics.shape[-1]
    tones = (difference * importance).sum(dim=-1)
    breath = (torch.log(noise + AUDIBLE) - torch.log(target_noise + AUDIBLE)).abs().mean(dim=-1)
    return ((tones + 0.5 * breath) * weight).sum() / weight.sum().clamp(min=1.0)
