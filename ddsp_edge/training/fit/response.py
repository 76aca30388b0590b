"""A response of body and room that is learnt beside the instrument, sample by sample.

What :class:`ddsp_edge.training.fit.room.LearntRoom` describes with two numbers a band is free here:
an impulse response of one second after the direct sound, as in the trainable reverb of Engel et
al., "DDSP" (2020). The device convolves with it (native/src/convolution).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.training.fit import synth

LENGTH_S = 1.0
#: A room falls by 60 dB in about this time: later samples move less in a step, so that they do
#: not end as noise louder than the room's own tail.
FALL_S = 2.0


class LearntResponse(nn.Module):
    """[b, samples] dry -> [b, samples] behind the response, at one rate; begins as silence."""

    envelope: Tensor  #: [samples]

    def __init__(self, rate: int) -> None:
        super().__init__()
        seconds = torch.arange(round(LENGTH_S * rate)) / rate
        self.register_buffer("envelope", 10 ** (-3 * seconds / FALL_S), False)
        self.free = nn.Parameter(torch.zeros(len(seconds)))

    def response(self) -> Tensor:
        """[samples] impulse response without the direct sound."""
        return self.envelope * self.free

    def forward(self, dry: Tensor) -> Tensor:
        """The direct sound with what comes after it."""
        return synth.reverberate(dry, self.response())

    def samples(self) -> np.ndarray:
        """What was learnt, float32 [samples], on the CPU."""
        return self.response().detach().cpu().numpy().astype(np.float32)
