"""``ddsp-edge bench --analyser``: runs the suites and prints them."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ddsp_edge.bench.analyser import suites
from ddsp_edge.bench.analyser.notes import FirstRow
from ddsp_edge.bench.analyser.suites import CostRow, LoudnessRow, OnsetRow, TrackRow

TRACK_HEAD = (
    f"{'':<28}{'tracker':<18}{'delay':>6}{'right':>8}{'gross':>8}{'octave':>8}{'error':>7}"
    f"{'trusted':>9}{'wrong':>7} | {'clean':>6}{'right':>8}{'gross':>8}{'error':>7}"
)


def _track(row: TrackRow) -> str:
    s = row.score
    return (
        f"{row.material:<28}{row.tracker:<18}{1000 * s.delay_s:>6.0f}{100 * s.accuracy:>8.2f}"
        f"{100 * s.gross:>8.2f}{100 * s.octave:>8.2f}{s.median_cents:>7.1f}{100 * s.trusted:>9.1f}"
        f"{100 * s.trusted_gross:>7.2f} | {s.clean_frames:>6}{100 * s.clean_accuracy:>8.2f}"
        f"{100 * s.clean_gross:>8.2f}{s.clean_cents:>7.1f}"
    )


def _onset(row: OnsetRow) -> str:
    return (
        f"{row.f0_hz:>8.1f} Hz  {row.tracker:<18}{row.first_median:>8.1f}{row.first_worst:>8.1f}"
        f"{row.good_worst:>8.1f}"
    )


def _first(row: FirstRow) -> str:
    return (
        f"{row.material:<28}{row.tracker:<18}{row.notes:>6}{row.right:>8}{row.near:>8}"
        f"{row.gross:>8}{row.right_ms:>8.1f}"
    )


def _loudness(row: LoudnessRow) -> str:
    return (
        f"{row.f0_hz:>8.1f} Hz{row.lag_ms:>10.1f}{row.ripple_db:>10.2f}{row.follows_ms:>10.1f}"
        f"{row.overshoot_db:>10.1f}"
    )


def _cost(row: CostRow) -> str:
    return (
        f"{row.signal:<16}{row.ns_a_sample:>10.1f}{row.mean_us:>10.2f}{row.worst_us:>10.2f}"
        f"{row.worst_us / row.mean_us:>8.1f}"
    )


def _finite(value: Any) -> Any:
    """Replace NaN and infinity, which JSON does not have, by None."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def bench_analyser(audio: Path | None, own_only: bool, as_json: bool) -> int:
    """Without ``audio`` only synthetic signals. Raises UserError."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    tracks, firsts = suites.synthetic(own_only, say), []
    if audio is not None:
        tracks += suites.real(audio, own_only, say)
        firsts = suites.first_pitches(audio, own_only, say)
    onsets, loudness = suites.onsets(own_only, say), suites.loudness()
    cost = suites.cost()
    if as_json:
        found: dict[str, list[Any]] = {
            "tracks": tracks,
            "onsets": onsets,
            "first_pitches": firsts,
            "loudness": loudness,
            "cost": cost,
        }
        plain = {k: [_finite(asdict(r)) for r in v] for k, v in found.items()}
        print(json.dumps(plain, indent=2))
        return 0
    print("delay ms; right, gross, octave, trusted, wrong (gross where trusted) %; error cents")
    print(TRACK_HEAD)
    for row in sorted(tracks, key=lambda r: [t.material for t in tracks].index(r.material)):
        print(_track(row))
    print("\nonset to the first trusted right f0 (median, worst) and to right for good (worst), ms")
    for each in sorted(onsets, key=lambda r: r.f0_hz):
        print(_onset(each))
    if firsts:
        print("\nthe first trusted pitch of recorded notes: right, near (20 %), gross; ms to right")
    for first in firsts:
        print(_first(first))
    print("\nloudness: lag ms, ripple dB, note to within 3 dB ms, overshoot dB")
    for level in loudness:
        print(_loudness(level))
    print("\ncost: ns a sample; us a block of 128: mean, worst, ratio")
    for line in cost:
        print(_cost(line))
    return 0
