"""Scale snap: in tune, vibrato kept or gone, no flutter, no steps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_players.snap import HARD_GLIDE_S, MARGIN, Snap, nearest, scale_notes

from ddsp_edge.effect.scales import SCALES
from ddsp_edge.settings import NOTE_NAMES, SETTINGS

HOP = 0.005


def snap(mode, key="C", scale="chromatic", offset=0.0):
    it = Snap()
    it.set(mode, key, scale, offset)
    return it


def play(it, pitches):
    return np.array([it.step(float(p), HOP, i == 0) for i, p in enumerate(pitches)])


def vibrato(centre, depth=0.5, rate=5.5, seconds=2.0):
    t = np.arange(round(seconds / HOP)) * HOP
    return centre + depth * np.sin(2 * np.pi * rate * t)


def test_the_table_has_every_scale_of_the_settings():
    assert SETTINGS["snap_scale"].choices == tuple(SCALES)
    assert SETTINGS["snap_key"].choices == NOTE_NAMES


@pytest.mark.parametrize("key", NOTE_NAMES)
@pytest.mark.parametrize("scale", SCALES)
def test_the_notes_of_a_scale(key, scale):
    notes = scale_notes(key, scale)
    assert {(n - NOTE_NAMES.index(key)) % 12 for n in notes} == set(SCALES[scale])
    assert list(notes) == sorted(notes) and notes[0] <= -10 and notes[-1] >= 145


@given(st.floats(-50, 200), st.sampled_from(list(SCALES)))
def test_nearest(pitch, scale):
    notes = scale_notes("D", scale)
    assert nearest(notes, pitch) == min(notes, key=lambda n: (abs(n - pitch), n))


@pytest.mark.parametrize("mode", ["soft", "hard"])
@pytest.mark.parametrize(
    ("key", "scale", "played", "note"),
    [
        ("C", "chromatic", 60.4, 60),
        ("C", "chromatic", 60.6, 61),
        ("C", "major", 61.4, 62),
        ("G", "major", 65.3, 66),
        ("A", "harmonic minor", 67.4, 68),
        ("C", "pentatonic", 65.4, 64),
        ("E", "blues", 70.3, 70),
    ],
)
def test_a_steady_pitch_ends_on_the_note(mode, key, scale, played, note):
    out = play(snap(mode, key, scale), np.full(300, played))
    assert abs(out[-1] - note) < 0.01


def test_off_is_off():
    pitches = vibrato(60.3)
    assert np.allclose(play(snap("off"), pitches), pitches, atol=1e-12)


def test_soft_keeps_the_vibrato_and_hard_removes_it():
    pitches = vibrato(60.3, depth=0.4)
    soft = play(snap("soft"), pitches)[100:]
    assert np.ptp(soft) > 0.9 * 0.8 and abs(soft.mean() - 60) < 0.02
    assert np.ptp(play(snap("hard"), vibrato(60.1, depth=0.4))[10:]) == 0


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_new_note_is_reached(mode):
    out = play(snap(mode), np.r_[np.full(100, 60.2), np.full(200, 67.3)])
    assert abs(out[99] - 60) < 0.05 and abs(out[-1] - 67) < 0.01
    if mode == "hard":
        late = 100 + math.ceil(HARD_GLIDE_S / HOP)
        assert np.all(out[late:] == 67)
        # A short glide, not a step: something lies between.
        assert 60.5 < out[100] < 66.5


def test_hard_starts_a_phrase_on_the_note_without_a_glide():
    it = snap("hard")
    play(it, np.full(50, 60.0))
    assert it.step(72.3, HOP, True) == 72


@given(st.lists(st.floats(-1, 1), min_size=50, max_size=200), st.sampled_from(["soft", "hard"]))
def test_no_flutter_at_the_half_way(wobble, mode):
    """Within the margin around the half-way, the note that was first stays."""
    it = snap(mode)
    play(it, np.full(200, 60.0))
    out = play_on(it, 60.5 + np.array(wobble) * (MARGIN - 0.001))
    assert it.centre < 60.5 + 1e-9
    if mode == "hard":
        assert np.all(out == 60)


def play_on(it, pitches):
    return np.array([it.step(float(p), HOP, False) for p in pitches])


def test_noise_at_the_half_way_does_not_flutter():
    """20 seconds half a semitone off, 7 cents of noise: one note, in both modes."""
    pitches = 60.5 + np.random.default_rng(3).normal(0, 0.07, 4000).clip(-0.19, 0.19)
    hard = play(snap("hard"), pitches)
    assert len(set(hard[10:])) == 1
    soft = play(snap("soft"), pitches)[200:]
    assert abs(soft.mean() - round(soft.mean())) < 0.02 and soft.std() < 0.15


def test_changes_while_it_plays_glide():
    it = snap("off")
    out = list(play(it, np.full(20, 60.4)))
    for mode, key, scale, offset in [
        ("hard", "C", "chromatic", 0.0),
        ("hard", "D", "major", 0.0),
        ("hard", "D", "major", -0.3),
        ("soft", "C", "pentatonic", 0.0),
        ("off", "C", "chromatic", 0.0),
        ("soft", "B", "blues", 0.2),
        ("hard", "B", "blues", 0.2),
        ("off", "C", "chromatic", 0.0),
    ]:
        it.set(mode, key, scale, offset)
        out += list(play_on(it, np.full(60, 60.4)))
    # A third of the way in a hop is the glide of 15 ms; the farthest way is 1.6 semitones.
    assert np.abs(np.diff(out)).max() < 0.6
    assert abs(out[-1] - 60.4) < 0.01


@given(
    st.lists(
        st.tuples(
            st.floats(5, 140),
            st.floats(1e-4, 0.1),
            st.booleans(),
            st.sampled_from(["off", "soft", "hard"]),
            st.sampled_from(list(SCALES)),
        ),
        max_size=60,
    )
)
def test_anything_stays_near(ticks):
    it, low, high = snap("off"), 140.0, 5.0
    for pitch, dt, begins, mode, scale in ticks:
        low, high = min(low, pitch), max(high, pitch)
        it.set(mode, "A", scale, 0.1)
        out = it.step(pitch, dt, begins)
        assert math.isfinite(out) and math.isfinite(it.centre)
        # The widest gap of a scale is three semitones; pulls never add up.
        widest = high - low + 3.2
        assert pitch - widest <= out <= pitch + widest


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2])
def test_soft_leaves_alone_who_glides_in_tune(seconds):
    """What it is pulled aside meanwhile is little, and short."""
    glide = np.linspace(68, 66, round(seconds / HOP))
    pitches = np.r_[np.full(100, 68.0), glide, np.full(200, 66.0)]
    out = play(snap("soft"), pitches)
    aside = np.abs(out - pitches)
    assert aside.max() < 0.5
    assert aside[100 + len(glide) + 40 :].max() < 0.15
    assert aside[100 + len(glide) + 100 :].max() < 0.01


def test_soft_tunes_a_singer_who_is_off_and_sings_with_vibrato():
    pitches = vibrato(60.2, depth=0.35, seconds=3.0)
    out = play(snap("soft"), pitches)[200:]
    assert abs(out.mean() - 60) < 0.02
    assert np.ptp(out) == pytest.approx(0.7, rel=0.1)
