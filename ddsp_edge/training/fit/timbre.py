"""What of a timbre no spectral loss asks for: how bright it is on average, and how much it moves.

A spectral loss is least at the median of what may be heard, which is duller than the mean and does
not move. These statistics are not answered by a median, if they are taken over enough sound.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ddsp_edge.training.fit import losses

LOWEST_HZ = 1000.0  #: of the half octaves
#: How much of what was heard before is kept at each batch: half of it after 23.
KEPT = 0.97
#: Differences much smaller than this, in nepers, count little: they are chance.
SMALL = 0.05
#: Frames softer than this, against the loudest of their crop's recording, have no centroid.
SOFT = 1e-4


class TimbreStatistics(nn.Module):
    """Two statistics of each room's sound, ours against the recordings', over the last batches.

    The power in each half octave from LOWEST_HZ on, and the standard deviation of the spectral
    centroid. What was heard before counts, so the gradient of a batch goes where all of it is
    wrong, and not where the chance of a few crops is. Where gradients are off nothing is
    remembered, and the batch stands for itself.
    """

    heard: Tensor  #: [2, rooms, columns] ours and theirs; columns as in _sums
    khz: Tensor  #: [bins]
    band: Tensor  #: [bins], 0 below the lowest half octave

    def __init__(self, rate: int, rooms: int = 1) -> None:
        super().__init__()
        self.size = 2 ** round(math.log2(0.021 * rate))
        hz = torch.arange(self.size // 2 + 1) * (rate / self.size)
        self.bands = math.floor(2 * math.log2(rate / 2 / LOWEST_HZ)) + 1
        band = (2 * torch.log2(hz.clamp(min=1.0) / LOWEST_HZ)).floor()
        self.register_buffer("khz", hz / 1000.0, False)
        self.register_buffer("band", band.clamp(-1, self.bands - 1).long() + 1, False)
        self.register_buffer("heard", torch.zeros(2, rooms, self.bands + 5))

    def forward(self, audio: Tensor, target: Tensor, room: Tensor) -> Tensor:
        """[b, samples] twice -> scalar: difference of the statistics, in nepers; ``room`` [b] says
        whose is whose. Its gradient is as if all that is remembered were this batch."""
        spectra = losses.powers(audio, target, self.size)
        loudest = spectra[1].sum(dim=1).amax(dim=1, keepdim=True)
        now = torch.stack([self._sums(power, loudest, room) for power in spectra])
        share = now[1, :, 0].detach() / len(audio)
        if torch.is_grad_enabled():
            now = KEPT * self.heard + now
            self.heard = now.detach()
        found = self._balance(now) + self._motion(now)
        # Of what is remembered a batch is only a part, and of its gradient too.
        grown = (now[1, :, 0].detach() * found).sum() / len(audio)
        return (share * found).sum().detach() + grown - grown.detach()

    def _sums(self, power: Tensor, loudest: Tensor, room: Tensor) -> Tensor:
        """[b, bins, frames] -> [rooms, columns]: crops, power below and in each half octave,
        frames with a centroid, the sum of these and of their squares, in kHz."""
        level = power.sum(dim=1)
        banded = power.new_zeros(len(power), self.bands + 1)
        banded = banded.index_add(1, self.band, power.sum(dim=2))
        counted = level > SOFT * loudest
        centroid = (power * self.khz[:, None]).sum(dim=1) / level.clamp(min=1e-12) * counted
        columns = [
            torch.ones_like(banded[:, :1]),
            banded,
            *(each.sum(dim=1, keepdim=True) for each in (counted, centroid, centroid**2)),
        ]
        rows = torch.cat(columns, dim=1)
        return torch.zeros_like(self.heard[0]).index_add(0, room, rows)

    def _balance(self, sums: Tensor) -> Tensor:
        """[rooms]: difference of each half octave's share of the power, where there is any."""
        shares = sums[..., 2:-3] / sums[..., 1:-3].sum(dim=-1, keepdim=True).clamp(min=1e-12)
        there = shares[1] > 1e-6
        ours, theirs = torch.log(shares + 1e-12)
        return (_size(ours - theirs) * there).sum(dim=-1) / there.sum(dim=-1).clamp(min=1)

    def _motion(self, sums: Tensor) -> Tensor:
        """[rooms]: difference of the centroids' standard deviations."""
        mean, square = (sums[..., i] / sums[..., -3].clamp(min=1.0) for i in (-2, -1))
        ours, theirs = 0.5 * torch.log((square - mean**2).clamp(min=0.0) + 1e-6)
        return _size(ours - theirs)


def _size(difference: Tensor) -> Tensor:
    """Its absolute value, but for what is SMALL."""
    return torch.sqrt(difference**2 + SMALL**2) - SMALL
