"""Batches for training: random stretches of the pieces, as torch tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ddsp_edge.training.data.features import TRUST, Piece
from ddsp_edge.training.profiles import Profile
from ddsp_edge.units import scale_f0, scale_loudness


@dataclass(frozen=True)
class TrainingArrays:
    """A piece as the network sees it, float32: scaled inputs, targets, weights and audio."""

    f0_scaled: np.ndarray
    pw_scaled: np.ndarray
    synth_f0_hz: np.ndarray
    harmonics: np.ndarray
    noise: np.ndarray
    weight: np.ndarray
    audio: np.ndarray

    @classmethod
    def of(cls, piece: Piece) -> TrainingArrays:
        return cls(
            scale_f0(piece.f0_hz).astype(np.float32),
            scale_loudness(piece.loudness_db).astype(np.float32),
            piece.synth_f0_hz,
            piece.harmonics,
            piece.noise,
            piece.weight,
            piece.audio,
        )

    def __len__(self) -> int:
        return len(self.weight)


class WarmBatches:
    """Sequences of ``frames`` frames with their analysed controls."""

    def __init__(self, pieces: list[Piece], frames: int, size: int) -> None:
        self.items = [f for f in map(TrainingArrays.of, pieces) if len(f) >= frames]
        if not self.items:
            raise ValueError(f"no piece is {frames} frames long")
        self.frames, self.size = frames, size
        room = np.array([len(f) - frames + 1 for f in self.items], np.float64)
        self.chance = room / room.sum()

    def draw(self, rng: np.random.Generator) -> dict[str, Tensor]:
        rows: dict[str, list[np.ndarray]] = {}
        for index in rng.choice(len(self.items), self.size, p=self.chance):
            item = self.items[index]
            at = int(rng.integers(0, len(item) - self.frames + 1))
            for name in ("f0_scaled", "pw_scaled", "harmonics", "noise", "weight"):
                rows.setdefault(name, []).append(getattr(item, name)[at : at + self.frames])
        return {name: torch.from_numpy(np.stack(row)) for name, row in rows.items()}


class AudioBatches:
    """Crops of ``frames`` frames after ``context`` frames of warm-up, with their audio.

    ``f0_scaled``, ``pw_scaled`` and ``synth_f0_hz`` are [size, context + frames], ``audio`` is
    [size, (frames - 1) * hop]. ``trust`` is the least share of trusted frames in a crop. With
    ``live_pitch`` it sounds at the pitch that is shown, as on stage, and not at the smoothed one,
    which means nothing where no pitch is clear. ``rooms`` names those that are told apart:
    ``room`` is [size], the index of each crop's. Raises ValueError where there is no such crop.
    """

    PLACES = 20  #: a second

    def __init__(
        self,
        pieces: list[Piece],
        profile: Profile,
        frames: int,
        context: int,
        size: int,
        trust: float = TRUST,
        live_pitch: bool = False,
        rooms: tuple[str, ...] = (),
    ) -> None:
        self.profile, self.frames, self.context, self.size = profile, frames, context, size
        sounding = (replace(p, synth_f0_hz=p.f0_hz) if live_pitch else p for p in pieces)
        self.items = [TrainingArrays.of(p) for p in sounding]
        #: A room of which nothing is trained on counts as the first.
        self.rooms = [rooms.index(p.room) if p.room in rooms else 0 for p in pieces]
        #: Frame i fell due after (i + 1) hops; what it describes is the latency earlier.
        self.shift = profile.hop - round(profile.latency_s * profile.sample_rate)
        step = max(1, profile.frame_rate // self.PLACES)
        self.places = [
            (i, at)
            for i, item in enumerate(self.items)
            for at in range(context, len(item) - frames - 1, step)
            if item.weight[at : at + frames].mean() >= trust
            and self._start(at) + (frames - 1) * profile.hop <= len(item.audio)
        ]
        if not self.places:
            raise ValueError("no stretch of the recordings has a clear single pitch")

    def draw(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return a random batch; the same ``rng`` state gives the same batch."""
        return self.at(rng.integers(0, len(self.places), self.size))

    def fixed(self, count: int) -> list[dict[str, Tensor]]:
        """About ``count`` crops spread evenly over the material, always the same."""
        chosen = np.linspace(0, len(self.places) - 1, count).round().astype(int)
        return [self.at(chosen[i : i + self.size]) for i in range(0, count, self.size)]

    def at(self, indices: np.ndarray) -> dict[str, Tensor]:
        """Return the crops at these indices of :attr:`places` as tensors."""
        rows: dict[str, list[np.ndarray]] = {}
        for index in indices:
            which, at = self.places[index]
            item = self.items[which]
            for name in ("f0_scaled", "pw_scaled", "synth_f0_hz"):
                part = getattr(item, name)[at - self.context : at + self.frames]
                rows.setdefault(name, []).append(part)
            start = self._start(at)
            size = (self.frames - 1) * self.profile.hop
            rows.setdefault("audio", []).append(item.audio[start : start + size])
        batch = {name: torch.from_numpy(np.stack(row)) for name, row in rows.items()}
        batch["room"] = torch.tensor([self.rooms[self.places[i][0]] for i in indices])
        return batch

    def _start(self, frame: int) -> int:
        return frame * self.profile.hop + self.shift
