"""The C players against the plain Python ones, over any sequence of what may happen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from native._kernel import ffi, lib
from reference_players.effect import ReferenceEffect
from reference_players.gate import KNEE_DB as REFERENCE_KNEE_DB
from reference_players.synth import ReferenceSynth
from tiny_decoder import INFO

from ddsp_edge.effect.player import KNEE_DB, EffectPlayer
from ddsp_edge.effect.scales import SCALES
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import NOTE_NAMES, Settings
from ddsp_edge.synth.notes import synth_settings
from native.player import ALL_VOICES, FROM_LAST, Features, Note, NoteExpression, Synth, Touch

HOP_S = 0.005


def assert_same(mine: FeatureFrame | Features, reference: FeatureFrame) -> None:
    """To the rounding of a float: a millicent, a thousandth of a decibel."""
    assert (mine.time_s, mine.voice, mine.onset) == (
        reference.time_s,
        reference.voice,
        reference.onset,
    )
    assert mine.f0_hz == pytest.approx(reference.f0_hz, rel=6e-7)
    assert mine.loudness_db == pytest.approx(reference.loudness_db, abs=1e-3)
    assert mine.confidence == pytest.approx(reference.confidence, abs=1e-6)
    assert mine.pitched == pytest.approx(reference.pitched, abs=1e-6)
    assert mine.treble_db == pytest.approx(reference.treble_db, abs=1e-5)
    assert mine.brightness_db == pytest.approx(reference.brightness_db, abs=1e-5)


f32 = lambda low, high: st.floats(low, high, width=32)  # noqa: E731
#: Hz, confidence, dB, dB above 5 kHz: as an analyser says them, and as a broken one would.
HEARD = st.tuples(
    st.one_of(f32(20, 4000), st.just(0.0), st.floats(width=32)),
    st.one_of(f32(0, 1), st.floats(width=32)),
    st.one_of(f32(-80, 0), st.floats(width=32)),
    st.one_of(f32(-60, 0), st.floats(width=32)),
)
SETTINGS = st.builds(
    Settings,
    gate=f32(-80, -10),
    gate_hysteresis=f32(0, 24),
    snap=st.sampled_from(["off", "soft", "hard"]),
    snap_key=st.sampled_from(NOTE_NAMES),
    snap_scale=st.sampled_from(list(SCALES)),
    tuning=f32(415, 466),
    pitch_shift=f32(-24, 24),
)


@given(
    st.lists(
        st.one_of(HEARD, SETTINGS, st.booleans(), st.floats(0.0001, 0.2), st.just("reset")),
        max_size=120,
    )
)
def test_the_effect_player(steps: list[object]) -> None:
    mine, reference = EffectPlayer(INFO.hop_s, Settings()), ReferenceEffect(INFO, Settings())
    now, dt_s = 0.0, HOP_S
    for step in steps:
        if isinstance(step, bool):
            mine.freeze(step)
            reference.freeze(step)
        elif isinstance(step, float):
            dt_s = step
        elif isinstance(step, Settings):
            mine.set(step)
            reference.set(step)
        elif step == "reset":
            mine.reset()
            reference.reset()
        else:
            now += dt_s
            f0_hz, confidence, loudness_db, treble_db = step
            heard = (f0_hz, confidence, loudness_db, now, treble_db)
            assert_same(mine.frame(*heard), reference.frame(*heard))


def test_the_effect_player_over_a_phrase_with_every_setting_changed_on_the_way() -> None:
    mine, reference = EffectPlayer(INFO.hop_s, Settings()), ReferenceEffect(INFO, Settings())
    changes = {
        200: Settings(gate=-30, gate_hysteresis=6),
        500: Settings(snap="hard", snap_key="D", snap_scale="major", tuning=443),
        900: Settings(snap="soft", snap_scale="blues", pitch_shift=7),
        1300: Settings(snap="off"),
    }
    for tick in range(2000):
        if tick in changes:
            mine.set(changes[tick])
            reference.set(changes[tick])
        if tick in (700, 1000):
            mine.freeze(tick == 700)
            reference.freeze(tick == 700)
        hz = 220 * 2 ** (0.08 * (tick // 37 % 13) + 0.03 * math.sin(tick / 6))
        heard = (hz, 0.5 + 0.5 * math.sin(tick / 90), -35 + 40 * math.sin(tick / 150))
        assert_same(
            mine.frame(*heard, tick * HOP_S), reference.frame(*map(float, heard), tick * HOP_S)
        )


def test_the_knee_begins_where_autofit_thinks() -> None:
    assert KNEE_DB == REFERENCE_KNEE_DB


TOUCHES = st.builds(
    Touch, f32(-48, 48), f32(0, 1), f32(-1, 1), st.one_of(f32(-60, 0), st.just(-200.0)), f32(0, 1)
)
VOICES = st.integers(0, 15)
EVENTS = st.one_of(
    st.tuples(
        st.just("start"),
        VOICES,
        st.builds(
            Note,
            st.integers(0, 127),
            f32(0, 1),
            st.sampled_from([0.0, -6.0]),
            st.one_of(st.just(0.0), f32(0, 2)),
            st.one_of(st.just(FROM_LAST), st.integers(0, 127)),
            st.just(NoteExpression()),  # a note that stands still
        ),
        TOUCHES,
        st.booleans(),
    ),
    st.tuples(st.just("release"), VOICES),
    st.tuples(st.just("stop"), VOICES),
    st.tuples(st.just("touch"), st.one_of(VOICES, st.just(ALL_VOICES)), TOUCHES),
    st.tuples(
        st.just("set"),
        st.builds(
            Settings,
            attack=f32(0.0078125, 2),
            decay=f32(0.0078125, 2),
            sustain=f32(0, 1),
            release=f32(0.0078125, 2),
            tuning=f32(415, 466),
            velocity_range=f32(0, 60),
            vibrato_rate=f32(0.125, 12),
            vibrato_depth=f32(0, 2),
        ),
    ),
    st.floats(0.0, 0.3),  # time that passes
)


class Pair:
    """Both players, driven alike; every frame of one is compared with the other's."""

    def __init__(self) -> None:
        # Exact in a float: what is rounded on the way to C is not what is compared here.
        settings = Settings(attack=0.0625, decay=0.125, sustain=0.875, release=0.25)
        self.mine = Synth(HOP_S, -50.0, -10.0)
        self.mine.set(synth_settings(settings), 0.0)
        self.reference = ReferenceSynth(HOP_S, -50.0, -10.0, settings)
        self.now, self.tick = 0.0, 0

    def take(self, event: tuple) -> None:
        kind, arguments = event[0], event[1:]
        if kind == "start":
            voice, note, touch, legato = arguments
            self.mine.start(voice, note, touch, self.now, legato)
            self.reference.start(voice, note, touch, self.now, legato)
        elif kind == "set":
            self.mine.set(synth_settings(arguments[0]), self.now)
            self.reference.set(arguments[0], self.now)
        else:
            getattr(self.mine, kind)(*arguments, self.now)
            getattr(self.reference, kind)(*arguments, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            assert self.mine.due_s == self.reference.due_s
            tick_s, due_s = self.tick * HOP_S, self.mine.due_s
            if min(tick_s, due_s) > end:
                break
            self.now = max(self.now, min(tick_s, due_s))
            if due_s <= tick_s:
                self.compare("onsets", due_s)
            else:
                self.tick += 1
                self.compare("frames", tick_s)
                assert self.mine.rests(tick_s) == self.reference.rests(tick_s)
        self.now = end

    def compare(self, kind: str, time_s: float) -> None:
        mine = getattr(self.mine, kind)(time_s)
        reference = getattr(self.reference, kind)(time_s)
        assert len(mine) == len(reference)
        for one, other in zip(mine, reference, strict=True):
            assert_same(one, other)
        for voice in self.reference.voices:
            assert self.mine.sounds(voice.index) == voice.sounds


@given(st.lists(EVENTS, max_size=60))
def test_the_synth_player(events: list) -> None:
    pair = Pair()
    for event in events:
        if isinstance(event, float):
            pair.run(event)
        else:
            pair.take(event)
    pair.run(0.5)


def test_the_synth_player_goes_on_with_another_models_notes() -> None:
    one, other = Synth(HOP_S, -50.0, -10.0), Synth(0.004, -50.0, -4.0)
    one.start(3, Note(60, 0.5, glide_s=1.0, glide_from=48), Touch(bend=1.0), 0.0)
    one.onsets(0.0)
    one.frames(0.1)
    other.adopt(one)
    mine, theirs = one.frames(0.105)[1], other.frames(0.105)[1]
    assert mine.voice == theirs.voice == 3
    assert theirs.loudness_db == pytest.approx(mine.loudness_db + 6.0, abs=0.1)
    assert abs(1200 * math.log2(theirs.f0_hz / mine.f0_hz)) < 2  # said 1 ms earlier


ANY = st.floats(width=32)


@given(
    st.lists(
        st.tuples(
            st.integers(-3, 12),
            st.integers(-3, 20),
            st.tuples(ANY, ANY, ANY, ANY, ANY),
            st.tuples(ANY, ANY, ANY, ANY, ANY),
            st.tuples(*[ANY] * 12),
            st.tuples(st.integers(0, 2**32 - 1), *[ANY] * 23),
        ),
        max_size=30,
    )
)
def test_no_event_makes_a_frame_that_is_not_finite_or_out_of_range(events: list) -> None:
    synth, event = Synth(HOP_S, -50.0, -10.0), ffi.new("ddsp_event *")
    for tick, (kind, voice, note, touch, settings, expression) in enumerate(events):
        event.kind, event.voice = kind, voice
        event.note = (2, *note)
        event.note.expression = expression
        event.touch, event.synth = touch, settings
        lib.ddsp_synth_event(synth._synth, event, tick * HOP_S)
        for frame in synth.onsets(tick * HOP_S) + synth.frames(tick * HOP_S):
            assert all(math.isfinite(value) for value in frame)
            assert -80.0 <= frame.loudness_db <= 0.0 and -12.0 <= frame.brightness_db <= 12.0
            assert 0.0 < frame.f0_hz < 150_000.0 and 0.0 <= frame.pitched <= 1.0


def test_a_tuning_that_is_no_number_leaves_a_pitch() -> None:
    synth, settings = Synth(HOP_S, -50.0, -10.0), synth_settings(Settings())
    synth.start(0, Note(69, 0.8), Touch(), 0.0)
    synth.onsets(0.0)
    for number in (math.nan, math.inf, -math.inf, 0.0):
        synth.set(settings._replace(tuning_hz=number), 0.1)
        (frame,) = synth.frames(0.1)
        assert 99.0 < frame.f0_hz < 1010.0


def test_a_player_of_nonsense_is_refused() -> None:
    for hop_s, low, high in [(0.0, -50, -10), (math.nan, -50, -10), (HOP_S, -math.inf, 0)]:
        with pytest.raises(ValueError, match="synth"):
            Synth(hop_s, low, high)


def test_another_models_effect_player_goes_on_with_what_is_frozen() -> None:
    player = EffectPlayer(INFO.hop_s, Settings(snap="hard"))
    for tick in range(40):
        player.frame(221.0, 0.9, -20.0, tick * HOP_S)
    player.freeze(True)
    other = player.with_hop(INFO.hop_s)
    for tick in range(40, 60):
        frame = other.frame(300.0, 0.9, -60.0, tick * HOP_S)
    assert frame.f0_hz == pytest.approx(220.0, rel=1e-6)
    assert frame.loudness_db == pytest.approx(-20.0, abs=0.1)
