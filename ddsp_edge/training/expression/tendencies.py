"""From what many notes did to a tendency: a mean, a spread, slopes by pitch, stroke and length."""

from __future__ import annotations

import numpy as np

from ddsp_edge.bundles.expression import (
    QUANTITIES,
    USUAL_LENGTH_S,
    USUAL_VELOCITY,
    Tendency,
)

FEWEST = 8  #: notes that teach something
#: A slope is kept where it is so many times its standard error.
SURE = 2.5
#: Outliers beyond so many deviations have no say.
OUTLIER = 3.0


def tendency(
    name: str,
    values: np.ndarray,
    octaves: np.ndarray,
    velocities: np.ndarray,
    lengths_s: np.ndarray,
) -> Tendency | None:
    """Fit the quantity ``name``; NaN are notes that tell nothing. None: too few do."""
    known = np.isfinite(values)
    if known.sum() < FEWEST:
        return None
    doublings = np.log2(np.clip(lengths_s, 0.05, 8.0) / USUAL_LENGTH_S)
    table = np.stack(
        [np.ones(len(values)), octaves, velocities - USUAL_VELOCITY, doublings], axis=1
    )[known]
    wanted, kept = values[known], np.ones(int(known.sum()), bool)
    columns = _useful(table)
    weights = np.zeros(4)
    for _ in range(3):
        weights = np.zeros(4)
        weights[columns] = np.linalg.lstsq(table[kept][:, columns], wanted[kept], rcond=None)[0]
        rest = wanted - table @ weights
        spread = _spread(rest)
        kept = np.abs(rest) <= OUTLIER * max(spread, 1e-9)
        if kept.sum() < FEWEST:
            break
    errors = _errors(table[kept][:, columns], rest[kept])
    sure = [c for c, e in zip(columns, errors, strict=True) if c == 0 or abs(weights[c]) > SURE * e]
    weights = np.zeros(4)
    weights[sure] = np.linalg.lstsq(table[kept][:, sure], wanted[kept], rcond=None)[0]
    rest = wanted - table @ weights
    quantity = QUANTITIES[name]
    mean = float(np.clip(weights[0], quantity.minimum, quantity.maximum))
    widest = quantity.maximum - quantity.minimum
    slopes = np.clip(weights[1:], -widest, widest)
    rounded = [round(float(v), 4) for v in (mean, min(_spread(rest), widest), *slopes)]
    return Tendency(*rounded)


def _useful(table: np.ndarray) -> list[int]:
    """The mean, and what the notes differ in."""
    return [c for c in range(table.shape[1]) if c == 0 or np.std(table[:, c]) > 0.05]


def _spread(rest: np.ndarray) -> float:
    """A standard deviation that a few wild notes do not move."""
    return float(1.4826 * np.median(np.abs(rest - np.median(rest))))


def _errors(table: np.ndarray, rest: np.ndarray) -> np.ndarray:
    freedom = max(1, len(rest) - table.shape[1])
    covariance = np.linalg.pinv(table.T @ table) * float(np.sum(rest**2)) / freedom
    return np.sqrt(np.maximum(np.diag(covariance), 1e-18))
