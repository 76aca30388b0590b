"""One tick after the other: silence, pitch that holds, gate, snap, freeze, any input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_players.effect import FREEZE_S
from sounds import tone
from tiny_decoder import INFO

from ddsp_edge.effect.player import HIGHEST_HZ, LOWEST_HZ, EffectPlayer
from ddsp_edge.effect.source import analyse, frames_of
from ddsp_edge.settings import Settings
from ddsp_edge.units import SILENCE_DB

HOP = 0.005
RATE = 48_000


class Stage:
    """A player and a clock."""

    def __init__(self, **settings):
        self.player = EffectPlayer(INFO.hop_s, Settings(**settings))
        self.tick = 0

    def hear(self, hz=220.0, db=-20.0, seconds=HOP, confidence=0.95):
        """Frames of a steady sound."""
        frames = []
        for _ in range(max(1, round(seconds / HOP))):
            self.tick += 1
            frames.append(self.player.frame(hz, confidence, db, self.tick * HOP))
        return frames

    def set(self, **settings):
        self.player.set(Settings(**settings))


def cents(frame, hz):
    return 1200 * math.log2(frame.f0_hz / hz)


def pitches(frames):
    return np.array([12 * math.log2(f.f0_hz / 440) for f in frames])


def levels(frames):
    return np.array([f.loudness_db for f in frames])


def test_without_settings_it_is_what_the_analyser_heard():
    frame = Stage().hear(330.0, -25.0, confidence=0.7)[0]
    assert (frame.time_s, frame.loudness_db) == (HOP, -25.0)
    assert frame.confidence == pytest.approx(0.7)
    assert frame.f0_hz == pytest.approx(330.0, abs=1e-6) and not frame.onset


@pytest.mark.parametrize("hz", [0.0, -1.0, math.nan, math.inf, 1e30])
def test_what_is_no_pitch_holds_the_last_one(hz):
    stage = Stage()
    assert stage.hear(hz)[0].f0_hz == 0.0
    stage.hear(330.0)
    assert stage.hear(hz)[0].f0_hz == pytest.approx(330.0)


def test_a_frozen_note_stays_a_note() -> None:
    stage = Stage()
    stage.hear(330.0, seconds=0.2)
    stage.player.freeze(True)
    assert stage.hear(330.0, confidence=0.1, seconds=0.3)[-1].pitched == 1.0
    stage.player.freeze(False)
    assert stage.hear(330.0, confidence=0.1, seconds=0.3)[-1].pitched == 0.0


def test_unvoiced_sound_holds_the_pitch_through_the_real_analyser():
    sung = tone(220.0, 0.5)
    hiss = 0.02 * np.random.default_rng(1).standard_normal(RATE // 2)
    features = analyse(np.concatenate([sung, hiss]).astype("f4"), RATE, HOP)
    frames = frames_of(features, RATE, EffectPlayer(INFO.hop_s, Settings()))
    late = [frame for frame in frames if frame.time_s > 0.56 and frame.confidence < 0.5]
    assert len(late) > 50
    assert max(abs(cents(frame, 220.0)) for frame in late) < 60


def test_behind_a_closed_gate_pitch_and_silence_hold():
    stage = Stage(gate=-40)
    stage.hear(220.0, seconds=0.2)
    frames = stage.hear(933.0, -50.0, seconds=0.5)
    closed = [f for f in frames if f.loudness_db < -56]
    assert closed and frames[-1].loudness_db == SILENCE_DB
    fading = [f for f in closed if f.loudness_db > SILENCE_DB]
    assert len({round(f.f0_hz, 6) for f in fading}) == 1


def test_the_first_tick_after_the_gate_opens_is_heard():
    stage = Stage(gate=-40)
    stage.hear(220.0, -60.0, seconds=0.5)
    assert stage.hear(220.0, -20.0)[0].loudness_db == pytest.approx(-20, abs=0.5)


def test_snap_follows_the_tuning_and_the_transposition():
    """In C major a fifth above B (F sharp) is no note; a fourth or an augmented one is."""
    b = 440 * 2 ** (2 / 12)
    stage = Stage(snap="hard", snap_scale="major", pitch_shift=7)
    sounding = stage.hear(b, seconds=0.1)[-1].f0_hz * 2 ** (7 / 12)
    assert abs(1200 * math.log2(sounding / (440 * 2 ** (8 / 12)))) < 0.1  # F
    # A detuning stays.
    stage.set(snap="hard", snap_scale="major", pitch_shift=0.3)
    assert abs(cents(stage.hear(450.0, seconds=0.1)[-1], 440.0)) < 0.1
    stage.set(snap="hard", tuning=432)
    assert abs(cents(stage.hear(435.0, seconds=0.1)[-1], 432.0)) < 0.1


def test_freeze_holds_and_lets_go_without_steps():
    stage = Stage()
    frames = stage.hear(220.0, -20.0, seconds=0.5)
    stage.player.freeze(True)
    frames += stage.hear(220.0, -20.0, seconds=FREEZE_S + HOP)
    frames += stage.hear(330.0, -40.0, seconds=0.5)
    assert abs(cents(frames[-1], 220.0)) < 0.01 and frames[-1].loudness_db == pytest.approx(-20)
    stage.player.freeze(True)  # again: as it is
    frames += stage.hear(330.0, -40.0, seconds=0.2)
    assert abs(cents(frames[-1], 220.0)) < 0.01
    stage.player.freeze(False)
    frames += stage.hear(330.0, -40.0, seconds=0.5)
    assert abs(cents(frames[-1], 330.0)) < 0.01 and frames[-1].loudness_db == -40
    share = HOP / FREEZE_S + 0.01
    assert np.abs(np.diff(levels(frames))).max() <= 20 * share
    assert np.abs(np.diff(pitches(frames))).max() <= 7.1 * share


def test_freeze_is_a_drone_while_the_player_stops_and_fades_when_let_go():
    stage = Stage(gate=-50)
    stage.hear(220.0, -20.0, seconds=0.3)
    stage.player.freeze(True)
    drone = stage.hear(700.0, -90.0, seconds=3.0, confidence=0.0)[-1]
    assert drone.loudness_db == pytest.approx(-20, abs=0.01) and drone.confidence == 1.0
    stage.player.freeze(False)
    fading = [f for f in stage.hear(700.0, -90.0, seconds=0.3) if f.loudness_db > SILENCE_DB]
    assert 5 <= len(fading) <= 40
    assert max(abs(cents(f, 220.0)) for f in fading) < 1
    assert stage.hear(700.0, -90.0)[0].loudness_db == SILENCE_DB


def test_freeze_takes_the_middle_of_a_vibrato():
    stage, last = Stage(), None
    for i in range(301):  # ends at the top of a swing
        hz = 220 * 2 ** (0.5 / 12 * math.sin(2 * math.pi * 5.5 * (i - 300) * HOP + math.pi / 2))
        last = stage.hear(hz)[0]
    assert cents(last, 220.0) > 45
    stage.player.freeze(True)
    assert abs(cents(stage.hear(220.0, seconds=0.2)[-1], 220.0)) < 15


def test_freeze_of_silence_is_silence():
    stage = Stage()
    stage.player.freeze(True)
    frames = stage.hear(220.0, -20.0, seconds=0.5)
    assert frames[-1].loudness_db == SILENCE_DB
    stage = Stage()
    stage.hear(220.0, seconds=0.2)
    stage.hear(220.0, -90.0, seconds=0.2)
    stage.player.freeze(True)
    assert stage.hear(220.0, -90.0, seconds=0.2)[-1].loudness_db == SILENCE_DB


def test_new_settings_make_no_steps():
    stage = Stage()
    frames = stage.hear(228.0, -30.0, seconds=0.3)
    for new in (
        {"snap": "hard"},
        {"snap": "hard", "snap_scale": "pentatonic", "snap_key": "F#"},
        {"snap": "soft", "tuning": 450},
        {"gate": -20},
        {},
    ):
        stage.set(**new)
        frames += stage.hear(228.0, -30.0, seconds=0.4)
    assert np.abs(np.diff(pitches(frames))).max() < 0.6
    falls = np.diff(levels(frames))
    assert falls.min() > -5 and abs(pitches(frames[-1:])[0] - pitches(frames[:1])[0]) < 0.01


def test_reset_forgets():
    stage = Stage(gate=-40)
    stage.hear(220.0, seconds=0.1)
    stage.player.freeze(True)
    stage.hear(220.0, seconds=0.1)
    stage.player.reset()
    frame = stage.player.frame(0.0, 0.0, -90.0, 0.0)
    assert (frame.f0_hz, frame.loudness_db) == (0.0, SILENCE_DB)


_numbers = st.floats() | st.floats(20, 8000) | st.floats(-100, 10)


@given(
    st.lists(
        st.tuples(
            _numbers, st.floats() | st.floats(0, 1), _numbers, st.floats(-1, 10) | st.floats(),
            st.none() | st.booleans(),
        ),
        max_size=60,
    ),
    st.sampled_from(["off", "soft", "hard"]),
    st.floats(-80, -10),
    st.floats(-24, 24),
)  # fmt: skip
def test_anything_in_nothing_wild_out(ticks, snap, gate, shift):
    player = EffectPlayer(INFO.hop_s, Settings(snap=snap, gate=gate, pitch_shift=shift))
    for hz, confidence, db, time_s, freeze in ticks:
        if freeze is not None:
            player.freeze(freeze)
        frame = player.frame(hz, confidence, db, time_s)
        assert frame.f0_hz == 0.0 or LOWEST_HZ <= frame.f0_hz <= HIGHEST_HZ
        assert SILENCE_DB <= frame.loudness_db <= 0.0
        assert 0.0 <= frame.confidence <= 1.0
