"""The frames of the MIDI instrument: when they come, what they say, and that none goes wrong."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_driver import Driver, control, off, on, pressure, rpn, wheel
from reference_players.envelope import DIP_S
from reference_players.voice import SETTLE_S
from tiny_decoder import INFO

from ddsp_edge.frames import ONSET_RAMP_S
from ddsp_edge.settings import Settings
from ddsp_edge.synth.player import SynthPlayer

HOP = INFO.hop_s


def test_a_note_makes_its_own_frame_at_its_own_time() -> None:
    driver = Driver().run(0.0123).play(on(69))
    frame = driver.frames[-1]
    assert (frame.time_s, frame.onset) == (0.0123, True)
    assert frame.f0_hz == pytest.approx(440.0)
    assert driver.player.next_onset_s == math.inf
    # What it says holds until the next tick.
    driver = Driver(attack=0.1).run(0.0123).play(on(69))
    at_tick = Driver(attack=0.1).run(0.0123)
    at_tick.player.receive(0.0123, on(69))
    at_tick.frames = at_tick.player.frames(0.0125)
    assert driver.frames[-1].loudness_db < at_tick.player.onsets(1)[0].loudness_db


def test_a_chord_is_one_frame_of_each_voice_whatever_came_before_at_that_time() -> None:
    driver = Driver().run().play(on(60), on(64), on(67))
    assert [f.f0_hz for f in driver.frames if f.onset] == [pytest.approx(391.995, rel=1e-5)]
    driver = Driver(voices=8).run().play(on(60), on(64), on(67))
    assert [f.voice for f in driver.frames if f.onset] == [0, 1, 2]


def test_voices_rest_when_they_have_been_silent_for_long_but_voice_0_never_does() -> None:
    driver = Driver(voices=4)
    for tick in range(10):
        assert [f.voice for f in driver.player.frames(tick * HOP)] == [0]
    driver = Driver(voices=4).play(on(60), on(64)).run(0.1).play(off(60), off(64)).run(0.2)
    assert driver.player.sounding == ()
    driver.frames.clear()
    driver.run()
    assert {f.voice for f in driver.frames} == {0, 1}
    assert {f.loudness_db for f in driver.frames} == {-80.0}
    driver.run(SETTLE_S).frames.clear()
    driver.run()
    assert {f.voice for f in driver.frames} == {0}
    driver.play(on(60), on(64))  # and the longest unused comes first
    assert [f.voice for f in driver.frames if f.onset] == [2, 3]


def test_ticks_and_onsets_may_be_late() -> None:
    """A caller that was held up for 50 ms."""
    player = SynthPlayer(INFO, Settings(attack=0.001, decay=0.001))
    player.frames(0.0)
    player.receive(0.051, on(60))
    assert player.frames(0.05) == []  # of before the note: there is nothing to say
    assert player.next_onset_s == 0.051
    frames = player.onsets(0.1)
    assert [(f.time_s, f.onset) for f in frames] == [(0.051, True)]
    player.receive(0.09, on(60))
    assert player.frames(0.1) == []  # it waits for the onset
    dip = player.onsets(0.1)
    assert len(dip) == 1 and player.next_onset_s == pytest.approx(0.095)
    assert len(player.onsets(0.1)) == 1 and player.next_onset_s == math.inf
    assert [f.time_s for f in player.frames(0.105)] == [0.105]


def test_onsets_of_nothing() -> None:
    player = SynthPlayer(INFO)
    assert player.next_onset_s == math.inf and player.onsets(math.inf) == []


def test_settings_while_it_plays() -> None:
    driver = Driver(release=1).play(on(60)).run()
    before = driver.last()
    driver.change(tuning=442, velocity_range=0)
    after = driver.last()
    assert after.f0_hz == pytest.approx(before.f0_hz * 442 / 440)
    assert after.loudness_db > before.loudness_db
    driver.change(sustain=0.5, decay=0.2).run(0.1)
    assert driver.last().loudness_db == pytest.approx(after.loudness_db - 6, abs=1)
    steps = [abs(a.loudness_db - b.loudness_db) for a, b in itertools.pairwise(driver.frames[-20:])]
    assert max(steps) < 1.0  # no jump


def test_another_number_of_voices_ends_the_notes_and_all_voices_fade_out() -> None:
    driver = Driver(voices=4).play(on(60), on(64), on(67)).run().change(voices=2)
    assert driver.player.held_notes == ()
    driver.run(0.2)
    assert driver.player.sounding == ()
    assert [driver.last(voice).loudness_db for voice in range(3)] == [-80.0] * 3
    driver.play(on(60), on(64), on(67)).run()
    assert driver.player.sounding == (0, 1)
    driver.change(voices=16).play(*(on(note) for note in range(60, 80))).run()
    assert driver.player.sounding == tuple(range(16))
    driver.change(voices=1).run(0.2).play(on(60)).run().play(on(64))
    assert driver.sounding_notes() == [64]


def test_another_model_goes_on_where_this_one_is() -> None:
    driver = Driver(voices=3, mpe="on", release=0.5).play(*rpn(0, 12), control(7, 64))
    driver.play(control(64, 127), on(60, channel=1), on(64, channel=2), off(60, channel=1)).run()
    old, louder = driver.player, replace(INFO, max_loudness_db=INFO.max_loudness_db + 3)
    driver.player = old.for_model(louder)
    one, other = old.frames(driver.now), driver.player.frames(driver.now)
    assert [f.f0_hz for f in one] == [f.f0_hz for f in other]
    assert [f.loudness_db for f in other[:2]] == [pytest.approx(f.loudness_db + 3) for f in one[:2]]
    # The new one hears everything, the old one nothing any more.
    driver.play(wheel(8191), wheel(4096, channel=2), control(64, 0)).run()
    assert driver.pitch(1) == pytest.approx(64 + 12 + 24, abs=0.01)
    assert driver.player.held_notes == (64,) and old.held_notes == (60, 64)
    assert old.bend() == 0.0
    driver.play(mido.Message("program_change", program=3))
    assert driver.programs == [(0, 3)]
    assert driver.play(off(64, channel=2)).run(1).player.sounding == ()


# Whatever comes.

notes, values, channels = st.integers(0, 127), st.integers(0, 127), st.integers(0, 15)
message = st.one_of(
    st.builds(on, st.integers(58, 66), values, channels),
    st.builds(on, notes, values, channels),
    st.builds(off, st.integers(58, 66), channels),
    st.builds(control, notes, values, channels),
    st.builds(
        control, st.sampled_from([5, 6, 38, 64, 65, 66, 84, 100, 101, 120, 121, 123, 126, 127]),
        st.sampled_from([0, 1, 2, 6, 64, 127]), channels,
    ),
    st.builds(wheel, st.integers(-8192, 8191), channels),
    st.builds(pressure, values, channels),
    st.sampled_from([mido.Message("active_sensing"), mido.Message("reset")]),
)  # fmt: skip
event = st.tuples(
    st.one_of(message, message, message, st.sampled_from(["panic", "unplug", "voices", "mpe"])),
    st.sampled_from("ab"),
    st.sampled_from([0.0, 0.0, 0.001, 0.004, 0.03, 0.4]),
)


@given(
    st.lists(event, max_size=40),
    st.integers(1, 5),
    st.sampled_from(["last", "high", "low"]),
    st.sampled_from(["off", "on"]),
    st.sampled_from([HOP, 0.02]),
    st.floats(0.001, 1.0),
)
def test_any_stream_keeps_its_promises_and_ends(
    events: list, voices: int, priority: str, mpe: str, hop_s: float, time_s: float
) -> None:
    info = replace(INFO, profile="vst", frame_rate=1 / hop_s)
    driver = Driver(
        info, voices=voices, priority=priority, mpe=mpe, attack=time_s, release=min(time_s, 0.1)
    )
    most = voices
    for what, port, later in events:
        if isinstance(what, mido.Message):
            driver.play(what, port=port)
        elif what == "panic":
            driver.player.panic(driver.now)
            assert driver.player.sounding == () and driver.player.held_notes == ()
        elif what == "unplug":
            driver.player.unplugged(driver.now, port)
        elif what == "voices":
            voices = voices % 5 + 1
            most = max(most, voices)
            driver.change(voices=voices)
        else:
            driver.change(mpe="on" if driver.player.settings.mpe == "off" else "off")
        driver.onsets().run(later)
    for voice in range(most):
        frames = [f for f in driver.frames if f.voice == voice]
        times = [f.time_s for f in frames]
        assert times == sorted(times)
        # Onsets may repeat within a moment; the grid never does.
        grid = [f.time_s for f in frames if not f.onset]
        assert all(b - a > hop_s * 0.99 for a, b in itertools.pairwise(grid))
    for f in driver.frames:
        assert 0 <= f.voice < most
        assert 0.0 < f.f0_hz < 50_000 and -80.0 <= f.loudness_db <= 0.0
        assert -12.0 <= f.brightness_db <= 12.0
    assert -1.0 <= driver.player.pan <= 1.0
    # Both keyboards are unplugged: nothing hangs.
    for port in "ab":
        driver.player.unplugged(driver.now, port)
    assert driver.player.held_notes == ()
    driver.onsets().run(0.3)
    assert driver.player.sounding == ()
    assert all(driver.last(v).loudness_db == -80.0 for v in {f.voice for f in driver.frames})
    # And it still plays.
    driver.player.set(driver.player.settings.changed({"mpe": "off", "voices": 1, "channel": 0}))
    driver.play(mido.Message("reset"), on(60))
    assert driver.sounding_notes() == [60]


@given(st.lists(message, max_size=40), st.integers(1, 4))
def test_all_notes_off_leaves_nothing(messages: list[mido.Message], voices: int) -> None:
    driver = Driver(voices=voices).play(*messages).run()
    driver.play(*(control(n, 0, channel) for channel in range(16) for n in (64, 66, 123))).run(0.3)
    assert driver.player.held_notes == () and driver.player.sounding == ()


@given(st.lists(st.tuples(st.sampled_from("ud"), st.integers(60, 64)), max_size=40))
def test_what_is_held_is_what_sounds_while_there_are_voices_enough(steps: list) -> None:
    driver, down = Driver(voices=8, release=0.001), set()
    for what, note in steps:
        driver.play(on(note) if what == "d" else off(note)).run(0.02)
        (down.add if what == "d" else down.discard)(note)
        assert driver.sounding_notes() == sorted(down)


def test_a_dip_is_longer_than_the_way_down() -> None:
    assert ONSET_RAMP_S < DIP_S
