"""The tuner against the real analyser: within a cent on a steady tone, whatever the noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import cents_up, tone

from ddsp_edge.effect.source import analyse
from ddsp_edge.effect.tuner import HOLD_S, NAME_MARGIN, Tuner
from ddsp_edge.settings import NOTE_NAMES

RATE, HOP = 48_000, 0.005
STRINGS = {"E2": 82.4069, "A2": 110.0, "G3": 195.9977, "A4": 440.0, "A5": 880.0}


def noisy(sound, snr_db, seed=1):
    rms = np.sqrt(np.mean(sound**2)) * 10 ** (-snr_db / 20)
    return (sound + rms * np.random.default_rng(seed).standard_normal(len(sound))).astype("f4")


def readings(audio, rate=RATE, tuner=None):
    tuner = tuner or Tuner(HOP)
    rows = analyse(audio, rate, HOP)
    return [tuner.hear(float(r["f0_hz"]), float(r["confidence"])) for r in rows]


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("cents", [-37, 0, 4])
@pytest.mark.parametrize(("rate", "snr_db"), [(48_000, 20), (44_100, 30)])
def test_within_a_cent_and_steady(name, cents, rate, snr_db):
    hz = cents_up(STRINGS[name], cents)
    shown = readings(noisy(tone(hz, 1.5, rate), snr_db), rate)[80:]
    assert all(r is not None and r.name == name and r.steady for r in shown)
    assert max(abs(r.cents - cents) for r in shown) <= 1.0
    # And it stands still: what is shown moves by less than a cent.
    assert np.ptp([r.cents for r in shown]) < 1.0


def test_a_sine_and_a_plucked_string():
    t = np.arange(2 * RATE) / RATE
    sine = 0.2 * np.sin(2 * np.pi * 196 * t)
    assert abs(readings(noisy(sine, 30))[-1].f0_hz / 196 - 1) < 0.0005
    plucked = tone(110, 2.0) * np.exp(-2 * t)
    assert abs(readings(noisy(plucked, 30))[-40].cents) < 1


def test_a_new_string_is_shown_soon_and_silence_goes_out():
    audio = np.concatenate([tone(110, 0.5), tone(147, 0.5), np.zeros(RATE // 2)])
    shown = readings(noisy(audio, 60))
    first = next(i for i, r in enumerate(shown) if r is not None)
    assert first * HOP < 0.12
    second = next(i for i, r in enumerate(shown) if r is not None and r.name == "D3")
    assert 0.5 < second * HOP < 0.65
    assert shown[-1] is None


def test_one_wrong_tick_is_not_shown():
    tuner = Tuner(HOP)
    for i in range(100):
        reading = tuner.hear(220.0 if i % 9 else 440.0, 0.95)
    assert reading.name == "A3" and abs(reading.cents) < 0.01


def test_the_reference_pitch():
    tuner = Tuner(HOP, 432.0)
    for _ in range(60):
        reading = tuner.hear(432.0, 0.99)
    assert reading.name == "A4" and abs(reading.cents) < 1e-6
    tuner.set(440.0)
    assert tuner.hear(432.0, 0.99).cents == pytest.approx(-31.77, abs=0.01)


def test_a_name_does_not_flicker_at_the_half_way():
    tuner, names = Tuner(HOP), set()
    rng = np.random.default_rng(5)
    for _ in range(60):
        tuner.hear(440.0, 0.99)
    for _ in range(2000):
        hz = 440 * 2 ** ((0.5 + rng.uniform(-0.04, 0.04)) / 12)
        names.add(tuner.hear(hz, 0.99).name)
    assert names == {"A4"}


def test_a_glide_is_not_steady():
    tuner = Tuner(HOP)
    shown = [tuner.hear(220 * 2 ** (i / 1200), 0.99) for i in range(200)]
    assert not any(r.steady for r in shown[60:])


@given(st.lists(st.tuples(st.floats() | st.floats(20, 2000), st.floats()), max_size=200))
def test_any_ticks(ticks):
    tuner = Tuner(HOP)
    for hz, confidence in ticks:
        reading = tuner.hear(hz, confidence)
        if reading is not None:
            assert abs(reading.cents) <= 100 * NAME_MARGIN + 1e-6
            assert reading.note in NOTE_NAMES and math.isfinite(reading.f0_hz)
    for _ in range(round(HOLD_S / HOP)):
        reading = tuner.hear(0.0, 0.0)
    assert reading is None
