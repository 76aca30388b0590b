"""Whether a swept model may ship, and if not why."""

from __future__ import annotations

import numpy as np

from ddsp_edge.calibration.sweep import Sweep
from ddsp_edge.offline.plot import note_name

LEAST_RANGE_DB = 24.0  #: from velocity 1 to 127
LEVEL_STEP_DB = -0.1  #: from one velocity to a harder one at least; noise is never quite even
CENTROID_MARGIN = 0.02  #: beyond the recordings' own fall: what two measurements differ by
MOST_CENTS = 10.0
#: A key outside of the range against the range's end, at the same velocity.
LOUDER_DB, NOISIER, NOISE_FLOOR = 0.5, 1.25, 0.01
AUDIBLE_DB = -75.0  #: softer has no pitch to measure
_MOST_NAMED = 3


def reasons(swept: Sweep) -> list[str]:
    """Return one line for each rule that is broken; none: it passes."""
    return [
        *_told(swept, _narrow(swept), f"span less than {LEAST_RANGE_DB:g} dB from soft to loud"),
        *_told(swept, _level_falls(swept), "get softer where they are struck harder"),
        *_told(
            swept,
            _duller(swept),
            f"get duller by more than {_allowed(swept):.0%} where they are struck harder",
        ),
        *_told(swept, _off_pitch(swept), f"are more than {MOST_CENTS:g} cents off"),
        *_told(swept, _blares(swept), "lie beyond the range and are louder than its end"),
        *_told(swept, _hisses(swept), "lie beyond the range and are noisier than its end"),
    ]


def centroid_falls(swept: Sweep) -> np.ndarray:
    """By how much each key's centroid falls below the brightest softer note, (keys,), 0..1."""
    brightest = np.maximum.accumulate(swept.centroid_hz, axis=1)
    return (1.0 - swept.centroid_hz / np.maximum(brightest, 1e-9)).max(axis=1)


def level_ranges_db(swept: Sweep) -> np.ndarray:
    """From the softest to the hardest velocity, (keys,)."""
    return swept.level_db[:, -1] - swept.level_db[:, 0]


def _allowed(swept: Sweep) -> float:
    return swept.centroid_fall + CENTROID_MARGIN


def _inside(swept: Sweep) -> np.ndarray:
    return np.array(swept.in_range)


def _narrow(swept: Sweep) -> np.ndarray:
    return _inside(swept) & (level_ranges_db(swept) < LEAST_RANGE_DB)


def _level_falls(swept: Sweep) -> np.ndarray:
    return _inside(swept) & (np.diff(swept.level_db, axis=1) < LEVEL_STEP_DB).any(axis=1)


def _duller(swept: Sweep) -> np.ndarray:
    return _inside(swept) & (centroid_falls(swept) > _allowed(swept))


def _off_pitch(swept: Sweep) -> np.ndarray:
    off = (np.abs(swept.f0_cents) > MOST_CENTS) & (swept.level_db > AUDIBLE_DB)
    return _inside(swept) & off.any(axis=1)


def _edges(swept: Sweep) -> np.ndarray | None:
    """The index of the key within the range that is nearest to each key."""
    inside = np.flatnonzero(_inside(swept))
    if not len(inside):
        return None
    return np.clip(np.arange(len(swept.keys)), inside[0], inside[-1])


def _blares(swept: Sweep) -> np.ndarray:
    edges = _edges(swept)
    if edges is None:
        return np.zeros(len(swept.keys), bool)
    louder = swept.level_db > swept.level_db[edges] + LOUDER_DB
    return ~_inside(swept) & louder.any(axis=1)


def _hisses(swept: Sweep) -> np.ndarray:
    edges = _edges(swept)
    if edges is None:
        return np.zeros(len(swept.keys), bool)
    allowed = NOISIER * swept.noise_share[edges] + NOISE_FLOOR
    noisy = (swept.noise_share > allowed) & (swept.level_db > AUDIBLE_DB)
    return ~_inside(swept) & noisy.any(axis=1)


def _told(swept: Sweep, broken: np.ndarray, what: str) -> list[str]:
    if not broken.any():
        return []
    names = [note_name(key) for key, bad in zip(swept.keys, broken, strict=True) if bad]
    shown = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return [f"{shown}{f' and {rest} other keys' if rest > 0 else ''} {what}"]
