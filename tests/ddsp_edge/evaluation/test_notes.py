"""A small score, played with errors of known size."""

import numpy as np
import pytest
from sounds import RATE, cents_up, shaped, tone

from ddsp_edge.evaluation import ScoreNote, measure_notes

PITCHES = (220.0, 247.0, 294.0, 196.0, 440.0, 415.3)
EACH_S = 0.5


def score(end=0.47):
    return [
        ScoreNote(i * EACH_S + 0.2, i * EACH_S + 0.2 + end, lambda _, hz=hz: hz)
        for i, hz in enumerate(PITCHES)
    ]


def play(late_s=(), off_cents=(), attack_s=0.004):
    """Separate strokes; ``late_s`` and ``off_cents`` go by note, 0 for the rest."""
    out = np.zeros(round((len(PITCHES) * EACH_S + 1) * RATE))
    for i, note in enumerate(score()):
        hz = cents_up(PITCHES[i], dict(off_cents).get(i, 0.0))
        sound = shaped(tone(hz, note.end_s - note.start_s), attack_s, 0.03)
        at = round((note.start_s + dict(late_s).get(i, 0.0)) * RATE)
        out[at : at + len(sound)] += sound
    return out


def slurred(change_late_s=0.0):
    """One bow, the pitch stepping from note to note."""
    seconds = len(PITCHES) * EACH_S + 0.2
    t = np.arange(round(seconds * RATE)) / RATE
    which = np.clip(((t - 0.2 - change_late_s) / EACH_S).astype(int), 0, len(PITCHES) - 1)
    sound = shaped(tone(np.array(PITCHES)[which], seconds), 0.001)
    sound[: round(0.2 * RATE)] = 0
    return sound


def test_a_good_render_has_good_figures():
    found = measure_notes(play(), RATE, score())
    assert len(found) == len(PITCHES)
    assert max(abs(m.cents) for m in found) < 0.5
    assert max(abs(m.onset_s) for m in found) < 0.005


@pytest.mark.parametrize("off", [20.0, -5.0])
def test_a_note_out_of_tune_is_that_much_out_and_the_others_are_not(off):
    found = measure_notes(play(off_cents=[(3, off)]), RATE, score())
    assert found[3].cents == pytest.approx(off, abs=0.7)
    assert max(abs(m.cents) for i, m in enumerate(found) if i != 3) < 0.5


@pytest.mark.parametrize("late", [0.015, 0.03, -0.015])
def test_a_late_or_early_note_is_that_much_so(late):
    on_time = measure_notes(play(), RATE, score())
    found = measure_notes(play(late_s=[(2, late)]), RATE, score())
    assert found[2].onset_s - on_time[2].onset_s == pytest.approx(late, abs=0.003)
    assert abs(found[4].onset_s) < 0.005


def test_a_slow_attack_is_heard_at_half_its_power():
    found = measure_notes(play(attack_s=0.06), RATE, score())
    for m in found:  # half the power of a linear ramp: at 0.707 of it
        assert m.onset_s == pytest.approx(0.0424, abs=0.006)


@pytest.mark.parametrize("late", [0.0, 0.015, 0.04])
def test_slurred_notes_start_where_the_pitch_changes(late):
    found = measure_notes(slurred(late), RATE, score(EACH_S))
    for m in found[1:]:
        assert m.onset_s == pytest.approx(late, abs=0.005)


def test_bends_belong_to_the_pitch_that_is_asked_for():
    bend = 50.0  # cents, reached over the note
    t = np.arange(round(0.5 * RATE)) / RATE
    sound = np.concatenate(
        [np.zeros(RATE // 5), shaped(tone(220 * 2 ** (bend * t / 0.5 / 1200), 0.5))]
    )
    bent = ScoreNote(0.2, 0.7, lambda at: 220 * 2 ** (bend * (at - 0.2) / 0.5 / 1200))
    straight = ScoreNote(0.2, 0.7, lambda at: 220.0)
    assert abs(measure_notes(sound, RATE, [bent])[0].cents) < 1
    assert measure_notes(sound, RATE, [straight])[0].cents > 15


def test_a_missing_note_is_no_figure():
    sound = play()
    sound[round(1.15 * RATE) : round(1.7 * RATE)] = 0
    missing = measure_notes(sound, RATE, score())[2]
    assert np.isnan(missing.cents) and np.isnan(missing.onset_s)
    noise = np.random.default_rng(1).normal(0, 0.05, len(sound))
    assert all(np.isnan(m.cents) or abs(m.cents) > 3 for m in measure_notes(noise, RATE, score()))
