"""The tracker scores on tracks whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.evaluation.tracking import Reference, TrackerOutput, lag, latency, pooled, score

HOP_S = 0.005
TIMES = np.arange(400) * HOP_S


def glide(delay_s: float = 0.0) -> np.ndarray:
    return 220.0 * 2.0 ** ((TIMES - delay_s) / 2)


def track(f0_hz: np.ndarray, trusted: np.ndarray | None = None) -> TrackerOutput:
    return TrackerOutput(TIMES, f0_hz, np.ones(len(TIMES), bool) if trusted is None else trusted)


def test_a_perfect_track_has_a_perfect_score() -> None:
    found = score(track(glide()), Reference(TIMES, glide()))
    assert found.accuracy == 1.0 and found.gross == 0.0 and found.octave == 0.0
    assert found.median_cents == pytest.approx(0.0, abs=1e-6)
    assert found.delay_s == 0.0 and found.frames == 400 and found.clean_frames > 380


def test_a_delay_is_found_and_allowed() -> None:
    found = score(track(glide(0.02)), Reference(TIMES, glide()))
    assert found.delay_s == pytest.approx(0.02, abs=0.0011)
    assert found.median_cents < 4.0


def test_shares_are_counted() -> None:
    f0 = np.full(400, 220.0)
    said = f0.copy()
    said[:40] *= 2.0  # octaves
    said[40:60] *= 1.5  # gross, no octave
    said[60:80] *= 2 ** (80 / 1200)  # wrong, not gross
    trusted = np.ones(400, bool)
    trusted[:20] = False
    found = score(track(said, trusted), Reference(TIMES, f0), delay_s=0.0)
    assert found.accuracy == pytest.approx(0.8)
    assert found.gross == pytest.approx(0.15) and found.octave == pytest.approx(0.1)
    assert found.trusted == pytest.approx(0.95)
    assert found.trusted_gross == pytest.approx(40 / 380)


def test_unknown_frames_and_leaps_do_not_count_as_clean() -> None:
    f0 = np.where(TIMES < 1.0, 220.0, 440.0)
    f0[:100] = 0.0
    clean = TIMES < 1.5
    found = score(track(f0), Reference(TIMES, f0, clean), delay_s=0.0)
    assert found.frames == 300
    # 5 frames at the start of what is known, 5 on each side of the leap.
    assert found.clean_frames == 200 - 15


def test_silence_gives_no_figures() -> None:
    found = score(track(glide()), Reference(TIMES, np.zeros(400)))
    assert found.frames == 0 and np.isnan(found.accuracy)


def test_pooling_weighs_by_frames() -> None:
    right = score(track(np.full(400, 220.0)), Reference(TIMES, np.full(400, 220.0)))
    few = np.zeros(400)
    few[:100] = 330.0
    wrong = score(track(np.full(400, 220.0)), Reference(TIMES, few))
    assert pooled([right, wrong]).accuracy == pytest.approx(0.8)
    with pytest.raises(ValueError, match="nothing"):
        pooled([])


def test_latency_is_to_the_first_trusted_right_pitch_and_to_the_last_wrong_one() -> None:
    said = np.zeros(400)
    said[105:] = 440.0
    said[110:112] = 880.0
    trusted = np.arange(400) >= 107
    first, good = latency(track(said, trusted), TIMES[100], TIMES[300], 440.0)
    assert first == pytest.approx(7 * HOP_S) and good == pytest.approx(12 * HOP_S)
    assert latency(track(np.zeros(400)), 0.0, 1.0, 440.0) == (np.inf, np.inf)


def test_lag_of_a_delayed_curve() -> None:
    truth = np.sin(2 * np.pi * 6 * TIMES)
    late = np.sin(2 * np.pi * 6 * (TIMES - 0.007))
    assert lag(TIMES[50:], late[50:], truth, HOP_S) == pytest.approx(0.007, abs=0.0005)
