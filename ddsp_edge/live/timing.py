"""Histograms that cost the hot side one addition and are read at any time without a lock."""

from __future__ import annotations

import time
from typing import Any

#: Eight buckets an octave: a value is known to within 12 %; the largest exactly.
_PART_BITS = 3
_BUCKETS = 64 << _PART_BITS


class Histogram:
    """Counts of times in nanoseconds. One thread adds; any may read, the worst it can meet is
    a count that is one behind."""

    __slots__ = ("_counts", "count", "largest_ns", "total_ns")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = self.total_ns = self.largest_ns = 0

    def add(self, ns: int) -> None:
        """One time; negative ones (clocks of two processors) count as 0."""
        if ns < 0:
            ns = 0
        bits = ns.bit_length()
        if bits <= _PART_BITS:
            self._counts[ns] += 1
        else:
            part = (ns >> (bits - 1 - _PART_BITS)) & ((1 << _PART_BITS) - 1)
            self._counts[min((bits - _PART_BITS) << _PART_BITS | part, _BUCKETS - 1)] += 1
        self.count += 1
        self.total_ns += ns
        if ns > self.largest_ns:
            self.largest_ns = ns

    def quantile_ns(self, share: float) -> int:
        """The time that ``share`` (0..1) of the counted ones did not exceed; 0 of none."""
        counts = list(self._counts)
        wanted = share * sum(counts)
        seen = 0
        for index, count in enumerate(counts):
            seen += count
            if count and seen >= wanted:
                return min(_upper_ns(index), self.largest_ns)
        return 0

    def summary(self) -> dict[str, float]:
        """Count, and mean, p50, p95, p99 and the largest in microseconds."""
        mean = self.total_ns / self.count if self.count else 0.0
        quantiles = {
            f"p{round(share * 100)}_us": round(self.quantile_ns(share) / 1e3, 1)
            for share in (0.5, 0.95, 0.99)
        }
        return {
            "count": self.count,
            "mean_us": round(mean / 1e3, 1),
            **quantiles,
            "max_us": round(self.largest_ns / 1e3, 1),
        }


def _upper_ns(index: int) -> int:
    """The largest value of a bucket."""
    octave, part = index >> _PART_BITS, index & ((1 << _PART_BITS) - 1)
    if octave == 0:
        return part
    bits = octave + _PART_BITS
    return ((1 << _PART_BITS | part) + 1 << (bits - 1 - _PART_BITS)) - 1


class Gauges:
    """What the control thread measures of itself."""

    clock = staticmethod(time.monotonic_ns)  #: CLOCK_MONOTONIC, as the ticks' ``made_ns``

    def __init__(self) -> None:
        self.wake_up_ns = Histogram()  #: a tick fell due -> Python reads it
        self.decode_ns = Histogram()  #: one frame of one voice through the model
        self.turn_ns = Histogram()  #: awake -> asleep again
        self.midi_ns = Histogram()  #: a message arrived -> its frames are in the ring
        self.collect_ns = Histogram()  #: garbage collections
        self.depths = [0] * 9  #: how many ticks waited when they were read; the last: more
        self.skipped = 0  #: ticks so old that only newer ones were answered
        self.errors = 0  #: exceptions in the control thread: bugs

    def woken(self, depth: int, made_ns: int) -> None:
        """Ticks were read: how many, and when the oldest was made."""
        self.depths[min(depth, len(self.depths) - 1)] += 1
        self.wake_up_ns.add(self.clock() - made_ns)

    def summary(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "wake_up": self.wake_up_ns.summary(),
            "decode": self.decode_ns.summary(),
            "turn": self.turn_ns.summary(),
            "midi": self.midi_ns.summary(),
            "gc": self.collect_ns.summary(),
            "ring_depth": list(self.depths),
            "skipped_ticks": self.skipped,
            "errors": self.errors,
        }
