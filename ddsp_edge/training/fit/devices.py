"""Choice of the device (CPU or CUDA) and of the precision of the network."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch

from ddsp_edge.errors import UserError

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  #: of malloc.h


def choose(name: str = "auto") -> torch.device:
    """``auto`` (CUDA where there is one), ``cpu`` or ``cuda``. Raises UserError."""
    if name not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device {name}: one of auto, cpu, cuda")
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise UserError(
            "--device cuda: torch finds no CUDA here (a CPU build, or no driver); use --device cpu"
        )
    if name == "cpu" or not found:
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")  # TF32 where a product stays float32
    return torch.device("cuda")


def keep_memory() -> None:
    """Let the C library keep the memory that torch gives back, where it is glibc.

    A step's tensors are of megabytes; by default each is asked of the kernel, cleared and given
    back every time.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**26)):
            mallopt(name, value)


@contextlib.contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Let this thread take denormals as zero: gradients of what cannot be heard are, and slow."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def use_threads(count: int) -> None:
    """Let torch use ``threads`` CPU threads from now on."""
    torch.set_num_threads(count)


def network_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 for the network's products on a GPU that has it; sound and loss stay float32.

    On the CPUs measured, converting costs more than a network of this size gains.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()
