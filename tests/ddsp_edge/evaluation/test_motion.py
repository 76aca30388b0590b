"""What is measured of held notes, on sounds whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.evaluation.motion import held_notes, motion_of

RATE = 16_000


def tone(
    seconds: float, hz: float, cents: float = 0.0, level_db: float = 0.0, rise_s: float = 0.01,
    rate: int = RATE,
) -> np.ndarray:  # fmt: skip
    """Harmonics with a vibrato and a tremolo of 5.5 Hz."""
    t = np.arange(round(seconds * rate)) / rate
    swing = np.sin(2 * np.pi * 5.5 * t)
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (cents * swing / 1200)) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 9))
    gain = 10 ** (level_db * np.cos(2 * np.pi * 5.5 * t) / 20) * np.minimum(1.0, t / rise_s)
    return np.asarray(0.2 * gain * sound)


def notes_of(*parts: np.ndarray):  # type: ignore[no-untyped-def]
    rest = np.zeros(RATE // 5)
    return held_notes(np.concatenate([piece for part in parts for piece in (rest, part)]), RATE)


def test_vibrato_tremolo_and_pitch_are_those_that_were_played() -> None:
    found = notes_of(tone(1.5, 440.0, 20.0, 1.5), tone(1.5, 330.0))
    assert [round(note.pitch) for note in found] == [69, 64]
    assert found[0].pitch_motion == pytest.approx(20.0, rel=0.12)
    assert found[0].level_motion == pytest.approx(1.5, rel=0.15)
    assert found[1].pitch_motion < 0.5 and found[1].level_motion < 0.1
    assert found[0].length_s == pytest.approx(1.5, abs=0.1)
    assert found[0].flux > 2 * found[1].flux


def test_a_slow_rise_is_a_slow_attack() -> None:
    slow, fast = (notes_of(tone(1.2, 440.0, rise_s=rise))[0].attack_s for rise in (0.3, 0.01))
    assert slow > 0.15 and fast < 0.08


def test_short_notes_and_silence_are_no_held_notes() -> None:
    assert notes_of(tone(0.2, 440.0)) == []
    assert held_notes(np.zeros(RATE), RATE) == [] and held_notes(np.zeros(0), RATE) == []
    assert motion_of([]).notes == 0


def test_the_medians_of_notes() -> None:
    found = notes_of(*(tone(1.0, 440.0, depth) for depth in (10.0, 20.0, 30.0)))
    assert motion_of(found).notes == 3
    assert motion_of(found).pitch_cents == pytest.approx(20.0, rel=0.15)


def test_at_the_rate_of_a_card_it_is_the_same_and_breath_is_flux() -> None:
    rate = 48_000
    sound = np.concatenate([np.zeros(rate // 5), tone(1.5, 294.0, 20.0, 1.5, rate=rate)])
    found = motion_of(held_notes(sound, rate))
    assert found.notes == 1
    assert found.pitch_cents == pytest.approx(20.0, rel=0.15)
    assert found.level_db == pytest.approx(1.5, rel=0.15)
    slow = np.concatenate([np.zeros(rate // 5), tone(1.5, 294.0, rise_s=0.3, rate=rate)])
    assert motion_of(held_notes(slow, rate)).attack_s == pytest.approx(0.24, abs=0.04)
    breath = np.random.default_rng(2).normal(size=len(sound)) * 0.01
    still = np.concatenate([np.zeros(rate // 5), tone(1.5, 294.0, rate=rate)])
    assert motion_of(held_notes(still, rate)).flux < 0.1
    assert motion_of(held_notes(still + breath, rate)).flux > 0.15
