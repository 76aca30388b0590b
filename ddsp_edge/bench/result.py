"""One measurement, optionally compared with a goal or a peer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One figure; ``ratio`` says how many times better it is than ``against`` (``peer_value``)."""

    name: str
    value: float
    unit: str
    against: str = ""  #: "goal", or a peer that was run in the same session
    peer_value: float | None = None
    ratio: float | None = None
    #: Of a growth curve: what was changed, {"voices": 4, "harmonics": 64, ...}.
    at: dict[str, float | str] | None = None

    def __str__(self) -> str:
        text = f"{self.name:<58} {self.value:10.3f} {self.unit:<5}"
        if self.ratio is None:
            return text.rstrip()
        return f"{text} {self.ratio:9.2f} x better than {self.against} ({self.peer_value:.4g})"


def against(
    name: str, value: float, unit: str, peer: str, peer_value: float, more: bool = False
) -> Result:
    """Return a result beside its peer, both above 0; ``more``: larger is better, else smaller."""
    ratio = value / peer_value if more else peer_value / value
    return Result(name, value, unit, peer, peer_value, ratio)


def best_s(work: Callable[[], object], repeats: int) -> float:
    """Return the seconds of the fastest of ``repeats`` runs, the least disturbed one."""
    fastest = float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - begun)
    return fastest
