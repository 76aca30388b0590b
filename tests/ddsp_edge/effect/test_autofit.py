"""Auto-fit: from what a player played to the settings that suit the model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import shaped, tone
from tiny_decoder import INFO

from ddsp_edge.effect.autofit import LEAST_S, AutoFit, learn
from ddsp_edge.effect.source import analyse, effect_frames
from ddsp_edge.errors import UserError
from ddsp_edge.settings import Settings
from ddsp_edge.units import db_to_gain

RATE, HOP = 48_000, 0.005
#: A violin's: G3 to C#6, as loud as the shipped one.
VIOLIN = replace(
    INFO, min_pitch_note=55, max_pitch_note=85, min_loudness_db=-37.5, max_loudness_db=-11.5
)


def played(notes, loudness_db=(-30.0, -20.0), seconds=4.0, slips=()):
    """Ticks of notes in turn, each soft and loud."""
    fit = AutoFit(HOP)
    count = round(seconds / HOP)
    for i in range(count):
        note = notes[i * len(notes) // count]
        fit.hear(440 * 2 ** ((note - 69) / 12), 0.95, loudness_db[i % len(loudness_db)])
    for note in slips:
        fit.hear(440 * 2 ** ((note - 69) / 12), 0.95, loudness_db[0])
    return fit


@pytest.mark.parametrize(
    ("notes", "octaves", "semitones"),
    [
        ((60, 72, 79), 0, 0),
        ((43, 50, 55), 12, 12),  # a bass voice
        ((40, 52, 64, 76), 12, 9),  # a guitar does not fit whole
        ((31, 40), 24, 24),  # a bass
        ((88, 95), -12, -10),
    ],
)
def test_pitch_moves_by_as_little_as_needed(notes, octaves, semitones):
    fit = played(notes)
    found = fit.fit(VIOLIN)
    assert found.settings["pitch_shift"] == octaves and found.settings["input_pitch"] == 0
    found = fit.fit(VIOLIN, "semitones")
    assert found.settings["pitch_shift"] == pytest.approx(semitones, abs=1)
    if len(notes) < 4:
        assert found.inside > 0.9


def test_the_pitch_may_stay_and_only_the_model_be_shown_another():
    settings = played((43, 50, 55)).fit(VIOLIN, keep_pitch=True).settings
    assert settings["input_pitch"] == 12 and settings["pitch_shift"] == 0


@pytest.mark.parametrize("offset", [-30.0, -8.0, 0.0, 6.0])
def test_loudness_is_centred(offset):
    found = played((60, 72), (-29.5 + offset, -19.5 + offset)).fit(VIOLIN)
    assert found.settings["input_gain"] == pytest.approx(-offset, abs=0.5)


def test_slips_and_squeaks_do_not_count():
    clean, slipped = played((60, 72)), played((60, 72), slips=[110] * 20 + [28] * 20)
    assert clean.fit(VIOLIN).settings == slipped.fit(VIOLIN).settings
    quiet = played((60, 72))
    for _ in range(2000):  # a room with a hum
        quiet.hear(50.0, 0.95, -59.0)
    quiet_fit = quiet.fit(VIOLIN)
    assert quiet_fit.player.low_note > 59


@pytest.mark.parametrize(
    "tick", [(0.0, 0.0, -90.0), (220.0, 0.3, -20.0), (220.0, 0.95, -70.0), (np.nan, 1.0, -10.0)]
)
def test_too_little_is_refused_with_the_reason(tick):
    fit = AutoFit(HOP)
    for _ in range(2000):
        fit.hear(*tick)
    with pytest.raises(UserError, match=r"0\.0 s of clear pitch in 10\.0 s, it needs 1\.5"):
        fit.fit(VIOLIN)
    for _ in range(round(LEAST_S / HOP) - 1):
        fit.hear(220.0, 0.95, -20.0)
    with pytest.raises(UserError, match="play single notes"):
        fit.fit(VIOLIN)
    fit.hear(220.0, 0.95, -20.0)
    assert fit.fit(VIOLIN).player.clear_s == pytest.approx(LEAST_S)


def test_through_the_real_analyser_after_which_the_player_is_in_range():
    """A bass line, soft: after the fit it is where the violin was trained."""
    notes = [40, 43, 45, 47, 52, 50, 47, 45]
    line = [0.3 * shaped(tone(440 * 2 ** ((n - 69) / 12), 0.5), 0.01, 0.05) for n in notes]
    features = analyse(np.concatenate(line).astype("f4"), RATE, HOP)
    found = learn(features, HOP).fit(VIOLIN)
    assert found.inside > 0.9
    assert found.player.low_note == pytest.approx(40, abs=0.3)
    assert found.player.high_note == pytest.approx(52, abs=0.3)
    Settings().changed(found.settings)
    loud = np.percentile(features["loudness_db"], 50) + found.settings["input_gain"]
    assert VIOLIN.min_loudness_db < loud < VIOLIN.max_loudness_db


def hum(level_db, seconds, hz=50.0):
    """Mains hum with its harmonics, mono float32, ``level_db`` dB re full scale."""
    t = np.arange(round(seconds * RATE)) / RATE
    x = sum(np.sin(2 * np.pi * hz * k * t + k) / k for k in (1, 2, 3, 4, 6))
    return (x * db_to_gain(level_db) / np.sqrt(np.mean(x**2))).astype("f4")


@pytest.mark.parametrize("level_db", [-57.0, -50.0, -44.0])
def test_a_hum_alone_is_silent_after_the_fit(level_db):
    """It played the violin at -36 dB before; the notes above it still sound."""
    line = [0.3 * shaped(tone(440 * 2 ** ((n - 69) / 12), 0.5), 0.01, 0.05) for n in (60, 67, 72)]
    played = np.concatenate([*line, np.zeros(RATE), *line]).astype("f4")
    played += hum(level_db, len(played) / RATE)
    found = learn(analyse(played, RATE, HOP), HOP).fit(VIOLIN)
    assert found.room_db == pytest.approx(level_db, abs=2.0)
    assert found.player.low_note == pytest.approx(60, abs=0.5)
    fitted = Settings().changed(found.settings)
    alone = effect_frames(hum(level_db, 2.0), RATE, VIOLIN, fitted)
    assert max(frame.loudness_db for frame in alone[20:]) <= -79.0
    heard = effect_frames(played, RATE, VIOLIN, fitted)
    assert np.mean([frame.loudness_db > -40.0 for frame in heard]) > 0.5
    ungated = effect_frames(hum(level_db, 2.0), RATE, VIOLIN, Settings())
    assert max(frame.loudness_db for frame in ungated) > -79.0  # what the gate is for


def test_a_silent_room_or_no_pause_sets_no_gate():
    assert "gate" not in played((60, 72)).fit(VIOLIN).settings
    quiet = played((60, 72))
    for _ in range(400):
        quiet.hear(0.0, 0.0, -75.0)
    found = quiet.fit(VIOLIN)
    assert "gate" not in found.settings and found.room_db == pytest.approx(-75.0)


def test_a_room_as_loud_as_the_softest_note_sets_no_gate():
    """A gate there would cut notes; the player is told the room's level and can decide."""
    fit = played((60, 72), (-38.0, -20.0))
    for _ in range(400):
        fit.hear(50.0, 0.95, -44.5)
    found = fit.fit(VIOLIN)
    assert "gate" not in found.settings and found.room_db == pytest.approx(-44.5)


@given(
    st.lists(st.tuples(st.floats(20, 4000), st.floats(-60, 0)), min_size=1, max_size=8),
    st.sampled_from(["octaves", "semitones"]),
    st.booleans(),
)
def test_whatever_was_played_the_settings_are_settings(sounds, unit, keep):
    fit = AutoFit(HOP)
    for i in range(600):
        hz, loudness = sounds[i % len(sounds)]
        fit.hear(hz, 0.9, loudness)
    loudest = max(loudness for _, loudness in sounds)
    if min(loudness for _, loudness in sounds) > max(-60.0, loudest - 30):
        found = fit.fit(VIOLIN, unit, keep)
        Settings().changed(found.settings)
        assert 0 <= found.inside <= 1
    else:  # some is too soft to count: enough is left, or it is said
        try:
            found = fit.fit(VIOLIN, unit, keep)
        except UserError:
            found = None
        assert found is None or found.player.clear_s >= LEAST_S
