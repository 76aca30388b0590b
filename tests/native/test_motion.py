"""A note's expression, carried out by the C player frame by frame."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ddsp_edge.settings import Settings
from ddsp_edge.synth.notes import synth_settings
from native.player import ALL_VOICES, Note, NoteExpression, Synth, Touch

HOP_S = 0.005
STEADY = {"attack": 0.001, "decay": 0.001, "sustain": 1.0, "release": 0.5}
VIBRATO = NoteExpression(
    seed=5, vibrato_cents=20.0, vibrato_hz=5.0, vibrato_delay_s=0.3, vibrato_rise_s=0.3
)


class Playing:
    """One voice, frame by frame."""

    def __init__(self, **settings: float) -> None:
        self.synth, self.tick = Synth(HOP_S, -50.0, -10.0), 0
        self.set(**settings)

    def set(self, **settings: float) -> None:
        self.synth.set(synth_settings(Settings(**{**STEADY, **settings})), self.now_s)

    @property
    def now_s(self) -> float:
        return self.tick * HOP_S

    def start(self, how: NoteExpression, pitch: float = 69, legato: bool = False) -> Playing:
        self.synth.start(0, Note(pitch, 0.8, expression=how), Touch(), self.now_s, legato)
        self.synth.onsets(self.now_s)
        return self

    def run(self, seconds: float) -> np.ndarray:
        """Cents from A4, dB, brightness in dB, share of harmonics; a row a frame."""
        rows = []
        for _ in range(round(seconds / HOP_S)):
            self.tick += 1
            frame = self.synth.frames(self.now_s)[0]
            cents = 1200.0 * math.log2(frame.f0_hz / 440.0)
            rows.append((cents, frame.loudness_db, frame.brightness_db, frame.pitched))
        return np.array(rows)


def test_vibrato_begins_late_grows_and_keeps_its_rate() -> None:
    cents = Playing().start(VIBRATO).run(3.0)[:, 0]
    assert np.abs(cents[:50]).max() < 0.01  # until 0.25 s
    assert 1.0 < np.abs(cents[60:100]).max() < 17.0  # to 0.5 s it grows
    assert np.abs(cents[200:]).max() == pytest.approx(20.0, rel=0.02)
    assert np.sum(np.diff(cents[200:] > 0.0)) == pytest.approx(20, abs=1)  # 2 s of 5 Hz


def test_it_is_never_quite_regular() -> None:
    cents = Playing().start(VIBRATO._replace(vibrato_wander=1.0)).run(12.0)[200:, 0]
    peaks = [np.abs(part).max() for part in np.array_split(cents, 40)]
    assert np.std(peaks) > 2.0 and max(peaks) < 40.0


def test_the_same_note_is_the_same_and_another_seed_is_not() -> None:
    how = VIBRATO._replace(vibrato_wander=0.7, tremor_db=1.0, flicker_db=2.0, drift_cents=3.0)
    first, again = (Playing().start(how).run(1.0) for _ in range(2))
    other = Playing().start(how._replace(seed=6)).run(1.0)
    assert np.array_equal(first, again)
    assert all(np.abs(first - other).max(axis=0)[:3] > 0.1)


def test_without_an_amount_the_note_stands_still() -> None:
    how = VIBRATO._replace(
        detune_cents=9.0, scoop_cents=-50.0, scoop_s=0.2, swell_db=6.0, swell_s=0.5, tremor_db=3.0,
        flicker_db=3.0, attack_db=20.0, attack_s=0.3, attack_noise=0.5, accent_db=3.0,
    )  # fmt: skip
    still = Playing(expression=0).start(NoteExpression()).run(1.0)
    assert np.array_equal(Playing(expression=0).start(how).run(1.0), still)
    moved = np.abs(Playing(expression=1).start(how).run(1.0) - still).max(axis=0)
    assert all(moved > [20.0, 5.0, 1.0, 0.1])


@pytest.mark.parametrize(
    ("setting", "how", "column"),
    [
        ("expression_vibrato", VIBRATO, 0),
        ("expression_pitch", NoteExpression(detune_cents=12.0), 0),
        ("expression_dynamics", NoteExpression(swell_db=6.0, swell_s=0.5), 1),
        ("expression_attack", NoteExpression(attack_db=12.0, attack_s=0.4), 1),
    ],
)
def test_each_setting_weighs_its_part(setting: str, how: NoteExpression, column: int) -> None:
    still = Playing(expression=0).start(how).run(1.0)[:, column]
    once = Playing().start(how).run(1.0)[:, column] - still
    none = Playing(**{setting: 0}).start(how).run(1.0)[:, column] - still
    twice = Playing(**{setting: 2}).start(how).run(1.0)[:, column] - still
    assert np.abs(none).max() == 0.0 and np.abs(once).max() > 2.0
    assert twice == pytest.approx(2.0 * once, abs=0.01)


def test_a_setting_moves_a_held_note_on_a_ramp() -> None:
    playing = Playing(expression=0).start(NoteExpression(detune_cents=40.0))
    assert np.abs(playing.run(0.2)[:, 0]).max() < 0.01
    playing.set(expression=1)
    cents = playing.run(0.4)[:, 0]
    assert np.diff(cents, prepend=0.0).max() < 11.0
    assert cents[-1] == pytest.approx(40.0, abs=0.1)


def test_level_swells_and_fades_over_its_length() -> None:
    how = NoteExpression(swell_db=4.0, swell_s=0.5, fade_db=6.0, fade_s=0.5)
    level = Playing().start(how).run(1.5)[:, 1]
    assert level[99] - level[5] == pytest.approx(4.0, abs=0.1)
    assert level[99] - level[220] == pytest.approx(6.0, abs=0.1)


def test_it_begins_softly_but_at_once() -> None:
    how = NoteExpression(attack_db=15.0, attack_s=0.2, attack_noise=0.4)
    rows = Playing().start(how).run(0.4)
    assert rows[0, 1] > -80.0 and rows[60, 1] - rows[0, 1] == pytest.approx(14.0, abs=1.5)
    assert rows[0, 3] < 0.75 and rows[60, 3] > 0.99
    assert np.all(np.diff(rows[:40, 1]) >= 0.0)


def test_a_scoop_arrives_soon_and_a_slide_on_an_s_curve() -> None:
    scoop = NoteExpression(scoop_cents=-60.0, scoop_s=0.1)
    cents = Playing().start(scoop).run(0.2)[:, 0]
    assert cents[0] < -40.0 and cents[9] > -10.0 and cents[-1] == pytest.approx(0.0, abs=1e-3)
    playing = Playing().start(NoteExpression(), pitch=67)
    playing.run(0.3)
    slide = NoteExpression(scoop_cents=-200.0, scoop_s=0.1)
    cents = playing.start(slide, legato=True).run(0.2)[:, 0]
    assert cents[1] < -180.0 and cents[8] == pytest.approx(-100.0, abs=25.0)
    assert cents[-1] == pytest.approx(0.0, abs=1e-3)


def test_legato_goes_over_without_a_jump() -> None:
    how = VIBRATO._replace(vibrato_delay_s=0.0, swell_db=4.0, swell_s=0.3, accent_db=3.0)
    playing = Playing().start(how)
    before = playing.run(1.0)
    softer = how._replace(accent_db=-3.0, vibrato_delay_s=0.5)
    after = playing.start(softer, legato=True).run(0.5)
    joined = np.concatenate([before[150:], after])
    assert np.abs(np.diff(joined[:, 1])).max() < 2.0  # 9 dB, over some 60 ms
    assert np.abs(np.diff(joined[:, 0])).max() < 6.0  # the vibrato goes on, at its own pace
    assert np.abs(after[:15, 0]).max() > 8.0


def test_hands_win_and_give_back() -> None:
    how = VIBRATO._replace(vibrato_delay_s=0.0, swell_db=6.0, swell_s=10.0, tremor_db=2.0)
    playing = Playing().start(how)
    playing.run(1.0)
    playing.synth.touch(0, Touch(bend=0.5, level_db=-6.0), playing.now_s)
    playing.run(0.2)
    held = playing.run(0.5)
    assert np.abs(held[:, 0] - 50.0).max() < 1.0 and np.ptp(held[:, 1]) < 0.3
    playing.synth.touch(0, Touch(), playing.now_s)
    back = playing.run(5.0)[-200:]
    assert np.abs(back[:, 0]).max() > 15.0 and np.ptp(back[:, 1]) > 1.0


def test_the_wheel_takes_the_place_of_the_vibrato() -> None:
    playing = Playing(vibrato_depth=0.0).start(VIBRATO)
    playing.synth.touch(ALL_VOICES, Touch(vibrato=1.0), 0.0)
    assert np.abs(playing.run(1.0)[:, 0]).max() < 0.01


def test_a_release_may_be_longer_and_fall_into_breath() -> None:
    falls = {}
    for stretch in (0.0, 2.0):
        how = NoteExpression(release_stretch=stretch, release_cents=20.0, release_noise=0.4)
        playing = Playing().start(how)
        playing.run(0.3)
        playing.synth.release(0, playing.now_s)
        rows = playing.run(0.25)
        falls[stretch] = rows[0, 1] - rows[-1, 1]
        assert rows[-1, 0] == pytest.approx(-20.0, abs=0.5) and rows[-1, 3] < 0.7
    assert falls[0.0] == pytest.approx(2.0 * falls[2.0], rel=0.1)
