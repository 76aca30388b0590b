"""Small random changes of the network's inputs, against overfitting.

Without them the network overfits ten minutes: the violin's held-out loss is at its best after 700
steps of the spectral loss, and rises from there while the training loss falls.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ddsp_edge.units import SILENCE_DB

PITCH_CENTS = 30.0  #: standard deviation of a crop's offset: neighbouring notes share a timbre
LOUDNESS_DB = 1.0  #: of a crop's gain, which the target gets too
FRAME_CENTS = 5.0  #: of each frame's own error, as the analyser's
FRAME_DB = 0.3


def augment(batch: dict[str, Tensor], rng: np.random.Generator) -> dict[str, Tensor]:
    """A batch of :mod:`batches` with other pitch and loudness inputs, and targets as loud."""
    count, frames = batch["f0_scaled"].shape

    def normal(scale: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.normal(0.0, scale, shape).astype(np.float32))

    cents = normal(PITCH_CENTS, count, 1) + normal(FRAME_CENTS, count, frames)
    gain_db = normal(LOUDNESS_DB, count, 1)
    pw = batch["pw_scaled"]
    moved = (pw + (gain_db + normal(FRAME_DB, count, frames)) / -SILENCE_DB).clamp(0.0, 1.2)
    changed = dict(batch)
    changed["f0_scaled"] = batch["f0_scaled"] + cents / 100 / 127
    changed["pw_scaled"] = torch.where(pw > 0, moved, pw)  # silence stays silence
    gain = 10 ** (gain_db / 20)
    for name in ("audio", "harmonics", "noise"):
        if name in batch:
            target = batch[name]
            changed[name] = target * gain.reshape(-1, *[1] * (target.ndim - 1))
    return changed
