"""A room that is learnt beside the instrument, so that the instrument itself stays dry.

Noise that decays by 60 dB in a time of its own in each band (the exponential decay of Engel et
al., "DDSP", 2020, with the bands of Steinmetz et al., "Filtered noise shaping for time domain
room impulse response estimation", 2021): two numbers a band, which cannot imitate an instrument.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ddsp_edge.bundles.metadata import Room
from ddsp_edge.training.fit import losses, synth

LENGTH_S = 1.0  #: of the impulse response
EDGES_HZ = (0.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  #: where a band begins
GAP_S = 0.010  #: after the direct sound: what is earlier colours the instrument and stays in it
START_T60_S, START_DB = 0.6, -30.0
SHORTEST_S, LONGEST_S = 0.1, 8.0
#: Decay times and cutoffs of the kernel's own reverb (native/src/synthesis/reverb.c).
KERNEL_DECAY_S, KERNEL_CUT_HZ, KERNEL_LINE_S = (0.3, 8.0), (18_000.0, 900.0), 0.0335
AUDIBLE_DB = -45.0  #: a room that is softer than this is none


class LearntRoom(nn.Module):
    """[b, samples] dry -> [b, samples] with the room, at one rate."""

    noise: Tensor  #: [bands, samples], each band of unit variance
    seconds: Tensor  #: [samples] since the first reflection

    def __init__(self, rate: int, seed: int = 7) -> None:
        super().__init__()
        self.rate = rate
        bands = [edge for edge in EDGES_HZ if edge < 0.4 * rate]
        size = round(LENGTH_S * rate)
        generator = torch.Generator().manual_seed(seed)
        spectrum = torch.fft.rfft(torch.randn(size, generator=generator))
        hz = torch.fft.rfftfreq(size, 1.0 / rate)
        ends = [*bands[1:], rate]
        parts = [spectrum * ((hz >= a) & (hz < b)) for a, b in zip(bands, ends, strict=True)]
        noise = torch.fft.irfft(torch.stack(parts), n=size)
        self.register_buffer("noise", noise / noise.std(dim=1, keepdim=True), False)
        self.register_buffer("seconds", torch.arange(size) / rate, False)
        self.decay = nn.Parameter(torch.full((len(bands),), math.log(START_T60_S)))
        self.level = nn.Parameter(torch.full((len(bands),), START_DB / 20 * math.log(10)))

    def t60_s(self) -> Tensor:
        """Decay times to -60 dB, [bands], in seconds."""
        return torch.exp(self.decay.clamp(math.log(SHORTEST_S), math.log(LONGEST_S)))

    def response(self) -> Tensor:
        """[samples] impulse response without the direct sound.

        A band's level is its energy, so that a longer decay alone makes it no louder.
        """
        rate = 3 * math.log(10) / self.t60_s()[:, None]
        scale = torch.exp(self.level)[:, None] * torch.sqrt(2 * rate / self.rate)
        ir = (self.noise * scale * torch.exp(-rate * self.seconds)).sum(dim=0)
        gap = round(GAP_S * self.rate)
        return torch.cat([ir.new_zeros(gap), ir[:-gap]])

    def forward(self, dry: Tensor) -> Tensor:
        """The room is taken as it is: only :meth:`loss` teaches it."""
        return synth.reverberate(dry, self.response().detach())

    def loss(self, dry: Tensor, target: Tensor) -> Tensor:
        """How far the room is off, by bands; no gradient reaches ``dry`` [b, samples]. ``target``
        [b, fewer samples] is compared with the end."""
        sound = synth.reverberate(dry.detach(), self.response())
        return losses.band_energy(sound[:, -target.shape[1] :], target, self.rate)

    def bands(self) -> list[dict[str, float]]:
        """What was found: from_hz, t60_s and level_db of each band."""
        rows = zip(EDGES_HZ, self.t60_s().tolist(), self.level.tolist(), strict=False)
        return [
            {"from_hz": hz, "t60_s": t60, "level_db": 20 * level / math.log(10)}
            for hz, t60, level in rows
        ]

    def as_room(self) -> Room | None:
        """Return the room as settings of the kernel's reverb; None where it is inaudible."""
        bands = self.bands()
        energy = sum(10 ** (band["level_db"] / 10) for band in bands)
        level_db = 10 * math.log10(max(energy, 1e-20))
        if level_db < AUDIBLE_DB:
            return None
        middle, bright = (_near(bands, hz)["t60_s"] for hz in (1000.0, 4000.0))
        short, long = KERNEL_DECAY_S
        size = math.log(middle / short) / math.log(long / short)
        return Room(
            size=round(min(max(size, 0.0), 1.0), 3),
            damping=round(_damping(middle, bright), 3),
            wet=round(_wet(math.sqrt(energy)), 3),
            t60_s=round(middle, 3),
            level_db=round(level_db, 2),
        )


def _near(bands: list[dict[str, float]], hz: float) -> dict[str, float]:
    return min(bands, key=lambda band: abs(band["from_hz"] - hz))


def _damping(middle_s: float, bright_s: float) -> float:
    """The kernel loses the same in every band a line, and a one-pole low-pass more above."""
    lost_db = 60.0 * KERNEL_LINE_S * (1.0 / bright_s - 1.0 / middle_s)
    if lost_db <= 0.05:
        return 0.0
    cut_hz = 5600.0 / math.sqrt(10 ** (lost_db / 10) - 1.0)
    bright, dark = KERNEL_CUT_HZ
    return min(max(math.log(cut_hz / bright) / math.log(dark / bright), 0.0), 1.0)


def _wet(ratio: float) -> float:
    """The setting at which the kernel's room is ``ratio`` times its dry sound: it plays
    w (1.5 - 0.5 w) of the one and 1 - w^2 of the other (native/src/synthesis/output.c)."""
    low, high = 0.0, 1.0
    for _ in range(30):
        wet = 0.5 * (low + high)
        below = wet * (1.5 - 0.5 * wet) < ratio * (1.0 - wet * wet)
        low, high = (wet, high) if below else (low, wet)
    return low
