"""The loudness map in the conditioner: what a model is shown, and what its answer gains."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ddsp_edge.frames import FeatureFrame
from native.conditioner import ConditionedModel, Conditioner, Conditioning, LoudnessTables

LOUDNESS_DB = np.array([-80, -40, -20, 0], np.float32)
SHOWN_DB = np.array([[-80, -35, -30, -30], [-80, -45, -25, -20]], np.float32)
GAIN_DB = np.array([[0, -5, 10, 30], [0, 5, 5, 20]], np.float32)
NOISE_DB = np.array([[0, -6, 0, 0], [0, 0, -20, 0]], np.float32)
MAP = LoudnessTables(60.0, LOUDNESS_DB, SHOWN_DB, GAIN_DB, NOISE_DB)
MODEL = ConditionedModel(None, 2, 3, 24000.0, 0.005, 300.0, loudness_map=MAP)


def hz(note: float) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def played(
    note: float, loudness_db: float, brightness_db: float = 0.0, model: ConditionedModel = MODEL
) -> tuple[float, float, float]:
    """What a model that always answers 1 is shown (dB), and the gains of harmonics and noise."""
    conditioner = Conditioner(model)
    conditioner.begin(FeatureFrame(0.0, hz(note), loudness_db, brightness_db=brightness_db))
    question = conditioner.ask()
    assert question is not None
    conditioner.answer(1.0, np.ones(2, np.float32), np.ones(3, np.float32))
    conditioner.next()
    controls = conditioner.controls
    return question.loudness_db, controls.amplitude, float(controls.noise_magnitudes[0])


def db(gain: float) -> float:
    return 20.0 * float(np.log10(gain))


@pytest.mark.parametrize("note", [40.0, 60.0, 60.3, 60.99, 61.0, 90.0])
@pytest.mark.parametrize("loudness_db", [-73.0, -40.0, -33.3, -20.0, -1.0, 0.0])
def test_between_entries_it_is_linear_and_beyond_them_as_at_the_nearest(
    note: float, loudness_db: float
) -> None:
    up = min(max(note - 60.0, 0.0), 1.0)

    def at(table: np.ndarray) -> float:
        low, high = (float(np.interp(loudness_db, LOUDNESS_DB, row)) for row in table)
        return low + up * (high - low)

    shown_db, harmonics, noise = played(note, loudness_db)
    assert shown_db == pytest.approx(at(SHOWN_DB), abs=2e-3)
    assert db(harmonics) == pytest.approx(at(GAIN_DB), abs=2e-3)
    assert db(noise) == pytest.approx(at(GAIN_DB) + at(NOISE_DB), abs=2e-3)


def test_brighter_is_what_is_mapped_for_a_louder_note_turned_down_again() -> None:
    shown_db, harmonics, _ = played(60.0, -40.0, brightness_db=20.0)
    louder_db, louder, _ = played(60.0, -20.0)
    assert shown_db == pytest.approx(louder_db)
    assert db(harmonics) == pytest.approx(db(louder) - 20.0, abs=1e-3)


def test_silence_stays_silent_whatever_the_gain() -> None:
    wild = replace(MAP, gain_db=np.full((2, 4), 60.0, np.float32))
    assert played(60.0, -80.0, model=replace(MODEL, loudness_map=wild))[1:] == (0.0, 0.0)


def test_a_map_is_evaluated_before_input_pitch_moves_what_is_shown() -> None:
    conditioner = Conditioner(MODEL, conditioning=Conditioning(input_pitch=12.0))
    conditioner.begin(FeatureFrame(0.0, hz(60.0), -20.0))
    question = conditioner.ask()
    assert question is not None
    assert (question.f0_hz, question.loudness_db) == pytest.approx((hz(72.0), -30.0), rel=1e-5)


def test_it_follows_a_glide_without_a_step() -> None:
    gains = [played(note, -30.0)[1] for note in np.arange(59.5, 61.5, 0.01)]
    assert max(abs(db(b) - db(a)) for a, b in pairwise(gains)) < 0.06


@pytest.mark.parametrize(
    "changes",
    [
        {"loudness_db": LOUDNESS_DB[::-1].copy()},
        {"loudness_db": np.array([-80, -40, np.nan, 0], np.float32)},
        {"loudness_db": np.array([-90, -40, -20, 0], np.float32)},
        {"shown_db": np.full((2, 4), 1.0, np.float32)},
        {"shown_db": np.full((2, 3), -20.0, np.float32)},
        {"gain_db": np.full((2, 4), np.inf, np.float32)},
        {"gain_db": np.full((2, 4), np.nan, np.float32)},
        {"noise_db": np.full((2, 4), 0.1, np.float32)},
        {"lowest_note": np.nan},
        {"lowest_note": 1e9},
        {name: np.zeros((161, 4), np.float32) for name in ("shown_db", "gain_db", "noise_db")},
        {name: np.zeros((0, 4), np.float32) for name in ("shown_db", "gain_db", "noise_db")},
    ],
    ids=str,
)
def test_a_map_with_a_value_outside_of_its_range_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"conditioner|loudness map"):
        Conditioner(replace(MODEL, loudness_map=replace(MAP, **changes)))
    with pytest.raises(ValueError, match=r"conditioner|loudness map"):
        Conditioner(MODEL, replace(MODEL, loudness_map=replace(MAP, **changes)))
