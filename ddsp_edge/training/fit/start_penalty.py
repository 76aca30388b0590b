"""What is not heard stays as it was: a penalty on leaving a finished network's answers.

A network that is trained on from a finished one changes everywhere, but the recordings only say
how within their own pitches and loudnesses. Elsewhere it is held to what it answered before.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from ddsp_edge.training.data.features import Piece
from ddsp_edge.training.fit import losses
from ddsp_edge.training.fit.brightness import Sequence
from ddsp_edge.units import SILENCE_DB, hz_to_midi, midi_to_hz, scale_f0, scale_loudness

NOTES = 48  #: of a step, each held at one loudness
SETTLE_S = 0.2  #: how long each is held
EVERY, AT = 4, 2  #: steps, and which of them; the penalty then counts as often as many
BEYOND = 3.0  #: semitones below and above the trained range: as far as a network is ever shown
SEMITONES, DECIBELS = 1.0, 3.0  #: sides of a cell in which recordings are counted
ENOUGH_S = 1.0  #: of sound in a cell: half as much is held there as where nothing is heard


class StartPenalty:
    """How far a network's answers are from those of the one that it began as.

    Counted where the pieces have little sound: a cell of pitch and loudness with none has a weight
    of 1, with ENOUGH_S seconds a half, with more less.
    """

    def __init__(
        self, start: torch.nn.Module, pieces: list[Piece], summary: dict[str, float], rate: float
    ) -> None:
        """``summary`` is the dataset's: its range of pitch in Hz. ``rate``: frames a second."""
        self._start = copy.deepcopy(start).eval().requires_grad_(False)
        self._rate = rate
        low, high = hz_to_midi(np.array([summary["f0_low_hz"], summary["f0_high_hz"]]))
        self._notes = (float(low) - BEYOND, float(high) + BEYOND)
        notes = np.concatenate([hz_to_midi(p.f0_hz[p.usable]) for p in pieces])
        loud = np.concatenate([p.loudness_db[p.usable] for p in pieces])
        self._edges = (
            np.arange(self._notes[0], self._notes[1] + SEMITONES, SEMITONES),
            np.arange(SILENCE_DB, DECIBELS, DECIBELS),
        )
        counts = np.histogram2d(notes, loud, self._edges)[0]
        self._weights = 1.0 / (1.0 + counts / rate / ENOUGH_S)

    def weight(self, note: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        """How much is held at these MIDI notes and loudnesses, (n,) each; 0 to 1."""
        rows, columns = (
            np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
            for edges, values in zip(self._edges, (note, loudness_db), strict=True)
        )
        return np.asarray(self._weights[rows, columns])

    def __call__(
        self, network: Sequence, rng: np.random.Generator, device: torch.device | str = "cpu"
    ) -> Tensor:
        """The mean difference, in nepers, over notes drawn from the range and beyond it.

        A scalar with gradients; 0 where the network answers as the finished one.
        """
        note = rng.uniform(*self._notes, NOTES)
        loudness_db = rng.uniform(SILENCE_DB, 0.0, NOTES)
        frames = max(2, round(SETTLE_S * self._rate))
        f0, pw = (
            torch.tensor(values[:, None], dtype=torch.float32, device=device).expand(-1, frames)
            for values in (scale_f0(midi_to_hz(note)), scale_loudness(loudness_db))
        )
        with torch.no_grad():
            wanted = _held(self._start.to(device), f0, pw)  # type: ignore[arg-type]
        weight = torch.tensor(self.weight(note, loudness_db)[:, None], dtype=torch.float32)
        return losses.warm_start(*_held(network, f0, pw), *wanted, weight.to(device))


def _held(network: Sequence, f0: Tensor, pw: Tensor) -> tuple[Tensor, Tensor]:
    """Amplitudes of harmonics and gains of noise in the last frame, [b, 1, n] and [b, 1, m]."""
    amplitude, harmonics, noise = network.sequence(f0, pw)
    return (amplitude[..., None] * harmonics)[:, -1:].float(), noise[:, -1:].float()
