"""What is measured of one held note: vibrato, drift, scoop, swell, tremor, attack."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.edges import RISE_FROM_DB, RISE_TO_DB, Edge
from ddsp_edge.evaluation.motion import END_HOPS, HOP_S, START_HOPS, HeldNote, motion
from ddsp_edge.settings import Settings

#: Rates, in Hz, at which a vibrato is looked for, and how finely.
VIBRATO_HZ = np.arange(3.5, 8.01, 0.1)
#: Least depth in cents, and least share of the motion at 3 to 9 Hz, of what counts as a vibrato.
LEAST_DEPTH, LEAST_SHARE = 2.0, 0.45
#: Notes that are shorter tell nothing of how a vibrato begins, in s.
LONG_S = 0.8
#: A beginning that is further off, in cents, is another note or an error of the tracker.
FURTHEST_SCOOP, LEAST_SCOOP = 120.0, 10.0
SCOOP_HOPS = 3
SMOOTH_HOPS = 9
#: As the attack is played: it rises as a parabola from so far below.
ATTACK_FROM_DB = 12.0
#: Length of that parabola against the part of it that was measured.
PARABOLA = 1.0 / (math.sqrt(RISE_FROM_DB / ATTACK_FROM_DB) - math.sqrt(RISE_TO_DB / ATTACK_FROM_DB))
#: Of a note's pitch, as it dies away.
LAST_HOPS = 3


@dataclass(frozen=True)
class NoteFacts:
    """What a note did; NaN where it is too short or too still to tell."""

    pitch: float  #: MIDI note
    level_db: float  #: median
    length_s: float
    vibrato_cents: float = float("nan")
    vibrato_db: float = float("nan")
    vibrato_hz: float = float("nan")
    vibrato_delay_s: float = float("nan")
    vibrato_rise_s: float = float("nan")
    vibrato_wander: float = float("nan")
    drift_cents: float = float("nan")
    scoop_cents: float = float("nan")
    scoop_s: float = float("nan")
    swell_db: float = float("nan")
    swell_share: float = float("nan")
    fade_db: float = float("nan")
    tremor_db: float = float("nan")
    attack_s: float = float("nan")
    attack_noise: float = float("nan")
    release_stretch: float = float("nan")
    release_noise: float = float("nan")
    release_cents: float = float("nan")
    flux: float = float("nan")


def facts_of(note: HeldNote, edge: Edge | None = None, alone: bool = True) -> NoteFacts:
    """Measure what one held note did; ``edge`` is how it began and ended, where that was measured.

    Only a note that was recorded ``alone`` tells of its end: others end in the next one, or in
    what the room makes of them.
    """
    facts: dict[str, float] = {}
    pitch, level = note.cents[START_HOPS:-END_HOPS], note.level_db[START_HOPS:-END_HOPS]
    depth, moved = motion(pitch), motion(level)
    facts["vibrato_cents"] = depth
    hz, share = _rate(pitch)
    coherent = 0.0
    if depth >= LEAST_DEPTH and share >= LEAST_SHARE:
        facts["vibrato_hz"] = hz
        coherent = min(_together(pitch, level, hz), moved)
        facts["vibrato_db"] = coherent
        if note.length_s >= LONG_S:
            facts.update(_growth(note.cents, hz))
    facts["tremor_db"] = float(np.sqrt(max(0.0, moved**2 - coherent**2)))
    facts["drift_cents"] = _drift(pitch, hz)
    facts.update(_scoop(note.cents), **_arch(note.level_db))
    facts["attack_s"] = _attack(note.level_db)
    if edge is not None:
        facts["attack_s"] = edge.rise_s * PARABOLA
        facts["attack_noise"] = _share(edge.rise_noise)
    if edge is not None and alone and math.isfinite(edge.fall_s):
        facts["release_stretch"] = edge.fall_s / Settings().release
        facts["release_noise"] = _share(edge.fall_noise)
        facts["release_cents"] = -float(np.median(note.cents[-LAST_HOPS:]))
    return NoteFacts(note.pitch, float(np.median(level)), note.length_s, flux=note.flux, **facts)


def _share(noise: float) -> float:
    """The part of the harmonics that is noise instead, for a share of the power."""
    return 1.0 - math.sqrt(1.0 - min(max(noise, 0.0), 1.0)) if math.isfinite(noise) else noise


def _detrended(track: np.ndarray) -> np.ndarray:
    at = np.arange(len(track))
    return track - np.polyval(np.polyfit(at, track, 2), at)


def _wave(length: int, hz: float) -> np.ndarray:
    return np.exp(-2j * np.pi * hz * HOP_S * np.arange(length))


def _rate(pitch: np.ndarray) -> tuple[float, float]:
    """The strongest rate in VIBRATO_HZ, and its share of what moves at 3 to 9 Hz."""
    rest = _detrended(pitch) * np.hanning(len(pitch))
    weight = np.hanning(len(pitch)).sum()
    power = np.array([np.abs(np.sum(rest * _wave(len(rest), hz))) ** 2 for hz in VIBRATO_HZ])
    best = int(np.argmax(power))
    amplitude = 2.0 * np.sqrt(power[best]) / weight
    whole = motion(pitch)
    return float(VIBRATO_HZ[best]), float(amplitude / whole) if whole > 0 else 0.0


def _together(pitch: np.ndarray, level: np.ndarray, hz: float) -> float:
    """Amplitude of the level at the vibrato's rate, dB."""
    window = np.hanning(len(level))
    heard = np.abs(np.sum(_detrended(level) * window * _wave(len(level), hz)))
    return float(2.0 * heard / window.sum())


def _growth(track: np.ndarray, hz: float) -> dict[str, float]:
    """When the vibrato begins, how long it grows, and how much its depth wanders then."""
    period = max(3, round(1.0 / hz / HOP_S))
    turned = _detrended(track) * _wave(len(track), hz)
    depth = 2.0 * np.abs(np.convolve(turned, np.ones(2 * period) / (2 * period), "same"))
    inner = depth[period // 2 : -period // 2]
    full = float(np.percentile(inner, 75))
    if full < LEAST_DEPTH:
        return {}
    begins = int(np.argmax(inner > 0.3 * full))
    grown = begins + int(np.argmax(inner[begins:] > 0.85 * full))
    steady = inner[grown:]
    facts = {
        # The window reaches a period back: what begins at once seems to grow over one.
        "vibrato_delay_s": begins * HOP_S,
        "vibrato_rise_s": max(0.02, (grown - begins) * HOP_S * 1.3),
    }
    if len(steady) > 2 * period:
        facts["vibrato_wander"] = min(1.0, float(np.std(steady) / np.mean(steady)) / 0.35)
    return facts


def _drift(pitch: np.ndarray, hz: float) -> float:
    """Root mean square of what is slower than the vibrato and no glide, cents."""
    period = round(2.0 / hz / HOP_S)
    if len(pitch) < 2 * period or len(pitch) * HOP_S < 0.6:
        return float("nan")
    slow = np.convolve(pitch, np.ones(period) / period, "valid")
    at = np.arange(len(slow))
    slow = slow - np.polyval(np.polyfit(at, slow, 1), at)
    return float(np.sqrt(np.mean(slow**2)))


def _scoop(track: np.ndarray) -> dict[str, float]:
    start = float(np.median(track[:SCOOP_HOPS]))
    after = track[SCOOP_HOPS : SCOOP_HOPS + 30]
    if not LEAST_SCOOP < abs(start) < FURTHEST_SCOOP or len(after) < 10:
        return {"scoop_cents": 0.0}
    arrived = np.flatnonzero(np.abs(after) < 0.25 * abs(start))
    if not len(arrived):
        return {"scoop_cents": 0.0}
    return {"scoop_cents": start, "scoop_s": float((arrived[0] + SCOOP_HOPS) * HOP_S * 1.4)}


def _arch(level: np.ndarray) -> dict[str, float]:
    """Rise from the first tenth of a second to the loudest moment, and the fall to the end."""
    if len(level) < 30:
        return {}
    smooth = np.convolve(level, np.ones(SMOOTH_HOPS) / SMOOTH_HOPS, "valid")[START_HOPS:]
    smooth = smooth[: max(3, round(0.92 * len(smooth)))]
    peak = int(np.argmax(smooth))
    return {
        "swell_db": float(smooth[peak] - smooth[0]),
        "swell_share": float(peak / len(smooth)),
        "fade_db": float(smooth[peak] - smooth[-1]),
    }


def _attack(level: np.ndarray) -> float:
    """The time of the parabola that rises from ATTACK_FROM_DB below as fast as the note did."""
    start = level[:40]
    loudest = float(np.percentile(start, 90))
    there = int(np.argmax(start > loudest - 1.0))
    first = int(np.argmax(start > loudest - ATTACK_FROM_DB))
    return max(1, there - first) * HOP_S / (1.0 - math.sqrt(1.0 / ATTACK_FROM_DB))
