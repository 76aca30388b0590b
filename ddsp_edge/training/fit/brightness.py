"""Louder must not be duller: a penalty on the network's own spectra, where recordings are rare."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ddsp_edge.units import scale_f0, scale_loudness

PITCHES, LOUDNESSES = 8, 6  #: of a step: so many notes, each held at so many loudnesses
SETTLE_S = 0.2  #: how long each is held
EVERY = 4  #: steps; the penalty then counts as often as many
BEYOND_DB = 6.0  #: so much louder than the loudest usual note is asked for too


class Sequence(Protocol):
    """What turns features into controls, as the networks do."""

    def sequence(self, f0_scaled: Tensor, pw_scaled: Tensor) -> tuple[Tensor, Tensor, Tensor]: ...


def log_centroid(amplitude: Tensor, harmonics: Tensor) -> Tensor:
    """The logarithm of the spectral centroid of the harmonics' power, in harmonics.

    ``amplitude`` [...] and ``harmonics`` [..., n] as the network says them.
    """
    power = (amplitude[..., None] * harmonics) ** 2
    number = torch.arange(1, harmonics.shape[-1] + 1, device=power.device, dtype=power.dtype)
    return torch.log((power * number).sum(-1) + 1e-20) - torch.log(power.sum(-1) + 1e-20)


def fall(centroids: Tensor) -> Tensor:
    """How far each curve [..., loudnesses] falls below the brightest softer point, on average."""
    brightest = torch.cummax(centroids, dim=-1).values
    return (brightest - centroids).mean()


def penalty(
    model: Sequence,
    summary: dict[str, float],
    frame_rate: float,
    rng: np.random.Generator,
    device: torch.device | str = "cpu",
) -> Tensor:
    """The mean fall of the centroid, in nepers, over notes drawn from the trained range.

    ``summary`` is the dataset's: the range of pitch in Hz and of loudness in dB. A scalar with
    gradients; 0 where louder is never duller.
    """
    low, high = np.log(summary["f0_low_hz"]), np.log(summary["f0_high_hz"])
    f0_hz = np.exp(rng.uniform(low, high, (PITCHES, 1)))
    loud = summary["loudness_high_db"] + BEYOND_DB
    loudness = np.sort(rng.uniform(summary["loudness_low_db"], loud, (PITCHES, LOUDNESSES)))
    frames = max(2, round(SETTLE_S * frame_rate))
    shown = [scale_f0(np.tile(f0_hz, (1, LOUDNESSES))), scale_loudness(np.minimum(loudness, 0.0))]
    f0, pw = (
        torch.tensor(values.reshape(-1, 1), dtype=torch.float32, device=device).expand(-1, frames)
        for values in shown
    )
    amplitude, harmonics, _ = model.sequence(f0, pw)
    held = log_centroid(amplitude[:, -1].float(), harmonics[:, -1].float())
    return fall(held.reshape(PITCHES, LOUDNESSES))
