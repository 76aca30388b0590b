"""Whether the trainer's C loops (:mod:`native.training`) serve, or torch's own operators."""

from __future__ import annotations

import torch
from torch import Tensor

from native import training


def usable(tensor: Tensor) -> bool:
    """True where the C loops can take this tensor."""
    return training.AVAILABLE and tensor.device.type == "cpu" and tensor.dtype == torch.float32
