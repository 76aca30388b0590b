"""Expression of tones whose vibrato, swell and attack are known."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.evaluation import measure_expression

RATE = 48_000


def notes(vibrato_cents: float = 0.0, tremolo_db: float = 0.0, attack_s: float = 0.005):
    """Three notes of a second with five harmonics; vibrato and tremolo of 5.5 Hz."""
    at = np.arange(RATE) / RATE
    swing = np.sin(2 * np.pi * 5.5 * at)
    gain = 10 ** (tremolo_db * swing / 20) * np.minimum(1.0, at / attack_s)
    gain *= np.minimum(1.0, (1.0 - at) / 0.02)
    sound = []
    for hz in (262.0, 330.0, 294.0):
        phase = 2 * np.pi * np.cumsum(hz * 2 ** (vibrato_cents * swing / 1200)) / RATE
        sound += [gain * sum(np.sin(k * phase) / k for k in range(1, 6)) * 0.1, np.zeros(RATE // 5)]
    return np.concatenate(sound)


def test_a_tone_that_stands_still() -> None:
    found = measure_expression(notes(), RATE)
    assert found.notes == 3
    assert found.f0_cents < 0.5 and found.level_db < 0.1 and found.flux < 0.1
    assert found.attack_s <= 0.03


def test_vibrato_and_tremolo_have_their_amplitudes() -> None:
    assert measure_expression(notes(vibrato_cents=20), RATE).f0_cents == pytest.approx(20, rel=0.15)
    assert measure_expression(notes(tremolo_db=2), RATE).level_db == pytest.approx(2, rel=0.15)


def test_a_slow_attack_is_longer_and_a_changing_timbre_is_flux() -> None:
    slow = measure_expression(notes(attack_s=0.3), RATE).attack_s
    assert slow == pytest.approx(0.24, abs=0.04)
    rng = np.random.default_rng(2)
    breath = notes() + rng.normal(size=len(notes())) * 0.01
    assert measure_expression(breath, RATE).flux > 0.15


def test_silence_and_short_notes_are_none() -> None:
    for sound in (np.zeros(RATE), notes()[: RATE // 4], np.zeros(0)):
        found = measure_expression(sound, RATE)
        assert found.notes == 0 and np.isnan(found.f0_cents)
