"""Beginnings and ends of notes whose rise, noise and fall are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ddsp_edge.evaluation.edges import Edge, edges_of, medians
from ddsp_edge.evaluation.motion import held_notes

RATE = 24_000


def note(
    rise_s: float = 0.1, fall_s: float = 0.3, noise: float = 0.0, hz: float = 330.0
) -> np.ndarray:
    """0.8 s with a parabola in dB from 24 dB below, then a straight line in dB; a share of the
    power is noise while it rises, and rests are on both sides."""
    t = np.arange(round(0.8 * RATE)) / RATE
    rising = np.clip(1.0 - t / rise_s, 0.0, 1.0)
    tone = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 7)) / 1.22
    hiss = np.random.default_rng(1).normal(0.0, 1.0, len(t)) / math.sqrt(2)
    share = noise * (t < rise_s)
    sound = 10 ** (-24.0 * rising**2 / 20) * (np.sqrt(1 - share) * tone + np.sqrt(share) * hiss)
    ends = np.arange(round(fall_s * RATE)) / RATE
    more = sum(np.sin(2 * np.pi * k * hz * (0.8 + ends)) / k for k in range(1, 7)) / 1.22
    tail = 10 ** (-60.0 * ends / fall_s / 20) * more
    rest = np.zeros(round(0.4 * RATE))
    return 0.3 * np.concatenate([rest, sound, tail, rest])


def edges(*parts: np.ndarray) -> list[Edge]:
    audio = np.concatenate(parts)
    return edges_of(audio, RATE, held_notes(audio, RATE, 60.0, 1500.0))


@pytest.mark.parametrize("rise_s", [0.05, 0.1, 0.2])
def test_a_rise_takes_as_long_as_it_was_played(rise_s: float) -> None:
    (found,) = edges(note(rise_s))
    # From 12 to 6 dB below, of a parabola of 24 dB.
    wanted = rise_s * (math.sqrt(12 / 24) - math.sqrt(6 / 24))
    assert found.rise_s == pytest.approx(wanted, abs=0.006)
    assert abs(found.rise_noise) < 0.02


@pytest.mark.parametrize("fall_s", [0.15, 0.3, 0.6])
def test_a_fall_is_told_by_its_rate(fall_s: float) -> None:
    (found,) = edges(note(fall_s=fall_s))
    assert found.fall_s == pytest.approx(fall_s, rel=0.12)
    assert abs(found.fall_noise) < 0.02


def test_noise_is_the_share_of_the_power_that_does_not_repeat() -> None:
    shares = [edges(note(0.2, noise=share))[0].rise_noise for share in (0.0, 0.1, 0.3)]
    assert shares[0] < 0.02
    assert shares[1] == pytest.approx(0.1, abs=0.05)
    assert shares[2] == pytest.approx(0.3, abs=0.1)


def test_a_swell_after_the_attack_is_no_slower_attack() -> None:
    plain = note(0.1)
    t = np.clip((np.arange(len(plain)) / RATE - 0.5) / 0.3, 0.0, 1.0)
    (swelling,), (still,) = edges(plain * 10 ** (4.0 * t / 20)), edges(plain)
    assert swelling.rise_s == pytest.approx(still.rise_s, rel=0.5)


def test_what_other_notes_hide_is_not_told() -> None:
    joined = note()[: round(1.2 * RATE)]  # without its end
    first, second = edges(joined, note(0.001, hz=440.0)[round(0.4 * RATE) :])
    assert math.isnan(first.fall_s) and math.isnan(second.rise_s)
    assert math.isfinite(first.rise_s) and math.isfinite(second.fall_s)
    assert edges(np.zeros(RATE)) == []


def test_medians_leave_out_what_is_not_known() -> None:
    found = medians([Edge(rise_s=0.1), Edge(rise_s=0.3, fall_s=0.2), Edge()])
    assert found.rise_s == pytest.approx(0.2) and found.fall_s == 0.2
    assert math.isnan(found.rise_noise) and math.isnan(medians([]).rise_s)
