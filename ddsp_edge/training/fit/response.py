"""Responses of body and room that are learnt beside the instrument, sample by sample.

What :class:`ddsp_edge.training.fit.room.LearntRoom` describes with two numbers a band is free here:
an impulse response of one second after the direct sound, as in the trainable reverb of Engel et
al., "DDSP" (2020). Each room that was recorded in has one of its own, so that all recordings teach
one network; the device convolves with one of them (native/src/synthesis/convolver.c).
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import butter, sosfilt
from torch import Tensor, nn

from ddsp_edge.errors import UserError
from ddsp_edge.training.fit import synth

LENGTH_S = 1.0
#: A room falls by 60 dB in about this time: later samples move less in a step, so that they do
#: not end as noise louder than the room's own tail.
FALL_S = 2.0
INAUDIBLE = 1e-5  #: a response whose largest sample is smaller than this is none
FADE_S = 0.1  #: in which a response ends, since a room goes on after LENGTH_S
MOST_ROOMS = 8  #: more of them get too little sound each to learn a second of samples from


def room_named(rooms: tuple[str, ...], name: str | None) -> str:
    """The room whose response goes into the bundle: the one of this name, else the first.

    Raises UserError: there is none of that name, or there are more than MOST_ROOMS.
    """
    if len(rooms) > MOST_ROOMS:
        raise UserError(
            f"--response: the recordings lie in {len(rooms)} folders, each of which counts as a "
            f"room, and at most {MOST_ROOMS} are told apart; put those of one room into one folder"
        )
    if name is None:
        return rooms[0]
    if name not in rooms:
        known = ", ".join(repr(room) for room in rooms)
        raise UserError(f"--response-of {name}: the recordings' rooms are {known}")
    return name


def finished(samples: np.ndarray, rate: int, lowest_hz: float) -> np.ndarray:
    """float32 [samples] as learnt -> as it is played: above ``lowest_hz`` only, its end faded out.

    What lies below an instrument's lowest pitch is learnt from nothing: it would ring, unheard by
    any loss, after whatever is not the instrument's own sound.
    """
    high_pass = butter(2, lowest_hz, "highpass", fs=rate, output="sos")
    left = np.arange(len(samples))[::-1] / (FADE_S * rate)
    return (sosfilt(high_pass, samples) * np.minimum(1.0, left)).astype(np.float32)


class LearntResponse(nn.Module):
    """[b, samples] dry -> [b, samples] behind its room's response, at one rate: silent at first."""

    envelope: Tensor  #: [samples]

    def __init__(self, rate: int, rooms: int = 1) -> None:
        super().__init__()
        seconds = torch.arange(round(LENGTH_S * rate)) / rate
        self.register_buffer("envelope", 10 ** (-3 * seconds / FALL_S), False)
        self.free = nn.Parameter(torch.zeros(rooms, len(seconds)))

    def responses(self) -> Tensor:
        """[rooms, samples] impulse responses without the direct sound."""
        return self.envelope * self.free

    def forward(self, dry: Tensor, room: Tensor, last: int | None = None) -> Tensor:
        """The direct sound with what comes after it; ``room`` [b] says whose.

        Of ``last`` samples at the end, where only those are wanted: that needs shorter transforms.
        """
        return synth.reverberate(dry, self.responses(), room, last)

    def samples(self, room: int = 0) -> np.ndarray:
        """What was learnt of one room, float32 [samples], on the CPU."""
        return self.responses()[room].detach().cpu().numpy().astype(np.float32)
