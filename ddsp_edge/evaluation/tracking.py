"""Accuracy and delay of a streaming pitch tracker: the scores of ``bench --analyser``.

A track is the tracker's output at a time, from the sound up to then and no more; the reference is
the true pitch at a time. Times in seconds, pitches in Hz, errors in cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.pitch import cents

RIGHT_CENTS = 50.0  #: a pitch within this of the truth is right
GROSS_CENTS = 316.0  #: 20 %: farther off it is another note
OCTAVE_CENTS = 100.0  #: around one, two, ... octaves off: an octave error
STEADY_S = 0.025  #: a steady frame's reference holds for this long on both sides
STEADY_CENTS = 150.0  #: ... and moves less than this (vibrato and glides stay, leaps go)
LONGEST_DELAY_S = 0.06


@dataclass(frozen=True)
class TrackerOutput:
    """The output of a tracker, one row for each of its frames."""

    times_s: np.ndarray  #: when the tracker could give it
    f0_hz: np.ndarray  #: held where no pitch is known; 0 before the first
    trusted: np.ndarray  #: bool: the tracker vouches for it


@dataclass(frozen=True)
class Reference:
    """The true pitch of a sound, at the times at which it sounds."""

    times_s: np.ndarray  #: evenly spaced
    f0_hz: np.ndarray  #: 0 where nothing is known or nothing has a pitch
    clean: np.ndarray | None = None  #: bool: only this note sounds; None: everywhere


@dataclass(frozen=True)
class Score:
    """Scores of one track against one reference, over frames whose reference is known."""

    frames: int
    delay_s: float  #: at which the track fits best, which the other figures allow it
    accuracy: float  #: share within 50 cents (raw pitch accuracy)
    gross: float  #: share off by more than 20 %
    octave: float  #: share off by whole octaves
    median_cents: float  #: median absolute error of the right ones
    trusted: float  #: share that the tracker vouches for
    trusted_gross: float  #: share of those off by more than 20 %
    clean_frames: int
    clean_accuracy: float  #: the same where only one note sounds, and it is not about to change
    clean_gross: float
    clean_cents: float  #: median absolute error of the right ones of those


def _holds(f0_hz: np.ndarray, hop_s: float) -> np.ndarray:
    reach = max(1, round(STEADY_S / hop_s))
    padded = np.pad(f0_hz, reach)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    low, high = around.min(axis=1), around.max(axis=1)
    return (low > 0) & (cents(np.maximum(high, 1.0), np.maximum(low, 1.0)) < STEADY_CENTS)


def _errors(
    track: TrackerOutput, reference: Reference, delay_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Error of the newest row at each reference time plus ``delay_s``, and whether trusted."""
    rows = np.searchsorted(track.times_s, reference.times_s + delay_s + 1e-9, "right") - 1
    given = np.where(rows >= 0, track.f0_hz[np.maximum(rows, 0)], 0.0)
    known = np.where(reference.f0_hz > 0, reference.f0_hz, 1.0)
    error = cents(np.where(given > 0, given, 1e-3), known)
    return error, np.where(rows >= 0, track.trusted[np.maximum(rows, 0)], False)


def score(track: TrackerOutput, reference: Reference, delay_s: float | None = None) -> Score:
    """Score ``track`` against ``reference`` at a delay of ``delay_s`` seconds.

    None: the delay up to 60 ms at which most frames are right and best in tune.
    """
    known = reference.f0_hz > 0
    if not known.any():
        nan = float("nan")
        return Score(0, 0.0, nan, nan, nan, nan, nan, nan, 0, nan, nan, nan)
    if delay_s is None:

        def fit(d: float) -> float:
            return float(np.minimum(np.abs(_errors(track, reference, d)[0][known]), 200.0).mean())

        coarse = min(np.arange(0.0, LONGEST_DELAY_S, 0.005), key=fit)
        delay_s = float(min(np.maximum(coarse + np.arange(-0.004, 0.005, 0.001), 0.0), key=fit))
    signed, trusted = _errors(track, reference, delay_s)
    hop_s = float(reference.times_s[1] - reference.times_s[0])
    clean = known & _holds(reference.f0_hz, hop_s)
    if reference.clean is not None:
        clean &= reference.clean
    error = np.abs(signed)
    right, gross = error <= RIGHT_CENTS, error > GROSS_CENTS
    octave = (np.abs(error - 1200.0 * np.round(error / 1200.0)) < OCTAVE_CENTS) & (error > 1000.0)
    vouched = known & trusted
    return Score(
        frames=int(known.sum()),
        delay_s=delay_s,
        accuracy=_share(right, known),
        gross=_share(gross, known),
        octave=_share(octave, known),
        median_cents=_median(error, known & right),
        trusted=_share(trusted, known),
        trusted_gross=_share(gross, vouched),
        clean_frames=int(clean.sum()),
        clean_accuracy=_share(right, clean),
        clean_gross=_share(gross, clean),
        clean_cents=_median(error, clean & right),
    )


def _share(flags: np.ndarray, among: np.ndarray) -> float:
    return float(flags[among].mean()) if among.any() else float("nan")


def _median(error: np.ndarray, among: np.ndarray) -> float:
    return float(np.median(error[among])) if among.any() else float("nan")


def pooled(scores: list[Score]) -> Score:
    """Combine the scores of several files, weighted by frames. Raises ValueError for none."""
    scores = [s for s in scores if s.frames]
    if not scores:
        raise ValueError("nothing to pool")

    def mean(name: str, weight: str = "frames") -> float:
        weights = np.array([getattr(s, weight) for s in scores], float)
        values = np.array([getattr(s, name) for s in scores], float)
        good = np.isfinite(values) & (weights > 0)
        return float(np.average(values[good], weights=weights[good])) if good.any() else np.nan

    return Score(
        frames=sum(s.frames for s in scores),
        delay_s=mean("delay_s"),
        accuracy=mean("accuracy"),
        gross=mean("gross"),
        octave=mean("octave"),
        median_cents=mean("median_cents"),
        trusted=mean("trusted"),
        trusted_gross=mean("trusted_gross"),
        clean_frames=sum(s.clean_frames for s in scores),
        clean_accuracy=mean("clean_accuracy", "clean_frames"),
        clean_gross=mean("clean_gross", "clean_frames"),
        clean_cents=mean("clean_cents", "clean_frames"),
    )


def latency(
    track: TrackerOutput, onset_s: float, end_s: float, f0_hz: float
) -> tuple[float, float]:
    """Seconds from ``onset_s`` to the first trusted right pitch, and to a lasting right one.

    "For good" is until ``end_s``, trusted or held. Infinity where it never is.
    """
    inside = (track.times_s >= onset_s) & (track.times_s < end_s)
    times, error = track.times_s[inside], np.full(int(inside.sum()), np.inf)
    given = track.f0_hz[inside]
    error[given > 0] = np.abs(cents(given[given > 0], f0_hz))
    right = error <= RIGHT_CENTS
    vouched = np.flatnonzero(right & track.trusted[inside])
    first = float(times[vouched[0]] - onset_s) if len(vouched) else np.inf
    wrong = np.flatnonzero(~right)
    settled = (wrong[-1] + 1) if len(wrong) else 0
    return first, float(times[settled] - onset_s) if settled < len(times) else np.inf


def lag(times_s: np.ndarray, values: np.ndarray, truth: np.ndarray, truth_s: float) -> float:
    """Seconds by which ``values`` lag ``truth`` (every ``truth_s``) where they fit best."""
    tried = np.arange(-0.005, 0.05, 0.00025)
    grid = np.arange(len(truth)) * truth_s

    def misfit(d: float) -> float:
        return float(np.mean((values - np.interp(times_s - d, grid, truth)) ** 2))

    return float(tried[int(np.argmin([misfit(d) for d in tried]))])
