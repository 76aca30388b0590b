"""Pitch of a recording, by autocorrelation with the window divided out (Boersma 1993)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OCTAVE_COST = 0.01  #: per octave downwards, against taking two periods for one
VOICED = 0.5  #: least autocorrelation
QUIET_DB = -45.0  #: relative to the loudest frame; below, nothing is called voiced
FINER = 4  #: steps of lag a sample: a bright tone's peaks are narrower than a sample
_BLOCK = 256  #: frames at once


@dataclass(frozen=True)
class F0Track:
    """The pitch of a recording, one row a hop; windows are centred on their times."""

    times_s: np.ndarray
    f0_hz: np.ndarray  #: 0 where unvoiced
    hop_s: float
    #: Autocorrelation one period on, 0..1; 0 where unvoiced. 1: nothing but harmonics.
    periodicity: np.ndarray


def hnr_db(periodicity: np.ndarray) -> np.ndarray:
    """Harmonics-to-noise ratio in dB (Boersma 1993) of each frame's periodicity, at most 50 dB."""
    r = np.clip(np.asarray(periodicity, np.float64), 1e-5, 1.0 - 1e-5)
    return np.asarray(10.0 * np.log10(r / (1.0 - r)))


def track_f0(
    audio: np.ndarray,
    rate: int,
    low_hz: float = 60.0,
    high_hz: float = 2000.0,
    hop_s: float = 0.005,
    periods: float = 3.0,
    voiced: float = VOICED,
) -> F0Track:
    """Track f0 over windows of ``periods`` periods of ``low_hz``, to a cent where it is steady.

    ``voiced`` is the least autocorrelation, 0..1, of what has a pitch.
    """
    size = int(periods * rate / low_hz) | 1
    fft_size = 1 << int(np.ceil(np.log2(size + rate / low_hz + 2)))
    window = np.hanning(size + 2)[1:-1]
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, fft_size)) ** 2, FINER * fft_size)
    longest = min(int(FINER * rate / low_hz) + 2, FINER * (size - 2))
    lags = np.arange(max(2, int(FINER * rate / high_hz)), longest)
    padded = np.pad(np.asarray(audio, np.float64), (size // 2, size // 2 + 1))
    count = int(len(audio) / rate / hop_s) + 1
    starts = np.minimum(np.round(np.arange(count) * hop_s * rate).astype(int), len(audio))
    f0, level, alike = np.zeros(count), np.zeros(count), np.zeros(count)
    for at in range(0, count, _BLOCK):
        rows = padded[starts[at : at + _BLOCK, None] + np.arange(size)] * window
        level[at : at + _BLOCK] = np.mean(rows**2, axis=1)
        rows -= (rows.sum(axis=1) / window.sum())[:, None] * window
        power = np.abs(np.fft.rfft(rows, fft_size, axis=1)) ** 2
        r = np.fft.irfft(power, FINER * fft_size, axis=1)[:, : lags[-1] + 2]
        r /= np.maximum(r[:, :1], 1e-20) * (of_window[: lags[-1] + 2] / of_window[0])
        found = _pick(r, lags, FINER * rate, low_hz, voiced)
        f0[at : at + _BLOCK], alike[at : at + _BLOCK] = found
    f0[level < level.max(initial=0.0) * 10 ** (QUIET_DB / 10)] = 0.0
    f0[level < 1e-12] = 0.0
    return F0Track(np.arange(count) * hop_s, f0, hop_s, np.where(f0 > 0, alike, 0.0))


def _pick(
    r: np.ndarray, lags: np.ndarray, rate: int, low_hz: float, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pitch of each row of autocorrelation and its best peak, refined by a parabola."""
    here, before, after = r[:, lags], r[:, lags - 1], r[:, lags + 1]
    peak = (here >= before) & (here > after)
    score = here - OCTAVE_COST * np.log2(low_hz * lags / rate)
    best = np.argmax(np.where(peak, score, -np.inf), axis=1)
    rows = np.arange(len(r))
    a, b, c = before[rows, best], here[rows, best], after[rows, best]
    curve = a - 2 * b + c
    shift = np.where(curve < 0, 0.5 * (a - c) / np.where(curve < 0, curve, -1.0), 0.0)
    voiced = peak[rows, best] & (b > least)
    shift = np.clip(shift, -0.5, 0.5)
    height = b - 0.25 * (a - c) * shift
    return np.where(voiced, rate / (lags[best] + shift), 0.0), np.clip(height, 0.0, 1.0)


@dataclass(frozen=True)
class F0Comparison:
    """How closely one pitch track follows another."""

    median_cents: float  #: median absolute error where both are voiced
    longest_jump_s: float  #: longest stretch more than half an octave off
    delay_s: float  #: of the second track, where it fits best
    voiced_s: float  #: how much was compared


def cents(f0_hz: np.ndarray | float, reference_hz: np.ndarray | float) -> np.ndarray:
    """Return the interval above ``reference_hz`` in cents."""
    return 1200.0 * np.log2(np.asarray(f0_hz) / np.asarray(reference_hz))


def compare_f0(
    reference: F0Track, track: F0Track, max_delay_s: float = 0.06, transposed: float = 0.0
) -> F0Comparison:
    """Compare ``track`` with ``reference`` moved by ``transposed`` semitones, at the best delay."""
    best: F0Comparison | None = None
    for shift in range(round(max_delay_s / reference.hop_s) + 1):
        count = min(len(reference.f0_hz), len(track.f0_hz) - shift)
        ours = track.f0_hz[shift : shift + count]
        theirs = reference.f0_hz[:count] * 2 ** (transposed / 12)
        both = (ours > 0) & (theirs > 0)
        if not both.any():
            continue
        error = np.zeros(count)
        error[both] = np.abs(cents(ours[both], theirs[both]))
        median = float(np.median(error[both]))
        if best is None or median < best.median_cents:
            longest = _longest_run(error > 600) * reference.hop_s
            delay = shift * reference.hop_s
            best = F0Comparison(median, longest, delay, float(both.sum()) * reference.hop_s)
    return best or F0Comparison(float("nan"), 0.0, 0.0, 0.0)


def _longest_run(flags: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
