"""The tempo and position that a MIDI clock tells, of clocks as they are in the field."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import pytest

from ddsp_edge.midi.clock import PER_BEAT, MidiClock


def _times(bpm: float, beats: float, begin_s: float = 0.0) -> list[float]:
    return [begin_s + i * 60.0 / bpm / PER_BEAT for i in range(round(beats * PER_BEAT))]


def _fed(times: Iterable[float], clock: MidiClock | None = None) -> MidiClock:
    clock = clock or MidiClock()
    for time_s in times:
        clock.receive("clock", time_s)
    return clock


def _bpm(clock: MidiClock, time_s: float) -> float:
    beat = clock.beat(time_s)
    assert beat is not None
    return beat.hz * 60.0


@pytest.mark.parametrize("bpm", [30.0, 60.0, 97.3, 120.0, 174.0, 300.0])
def test_a_steady_clock(bpm: float) -> None:
    times = _times(bpm, 3)
    clock = MidiClock()
    clock.receive("start", 0.0)
    _fed(times, clock)
    assert _bpm(clock, times[-1]) == pytest.approx(bpm, rel=1e-6)
    beat = clock.beat(times[-1])
    assert beat is not None and beat.at(times[-1]) == pytest.approx((len(times) - 1) / PER_BEAT)
    assert beat.at(times[24]) == pytest.approx(1.0, abs=1e-6)  # the first message was beat 0


@pytest.mark.parametrize("seed", range(5))
def test_jitter_moves_the_tempo_by_a_per_cent_and_the_beat_by_a_thirtieth(seed: int) -> None:
    chance, clock = random.Random(seed), MidiClock()
    for number, time_s in enumerate(_times(120.0, 24)):
        arrived_s = time_s + chance.uniform(0.0, 0.005)  # a distance is 21 ms
        clock.receive("clock", arrived_s)
        if number > 3 * PER_BEAT:
            beat = clock.beat(arrived_s)
            assert beat is not None
            assert beat.hz * 60.0 == pytest.approx(120.0, rel=0.015)
            assert beat.at(time_s) - 1.0 / PER_BEAT == pytest.approx(number / PER_BEAT, abs=1 / 30)


def test_dropped_messages_leave_tempo_and_position_alone() -> None:
    chance, clock = random.Random(3), MidiClock()
    clock.receive("start", 0.0)
    times = _times(126.0, 20)
    for number, time_s in enumerate(times):
        if number < 12 or chance.random() > 0.1:
            clock.receive("clock", time_s + chance.uniform(0.0, 0.002))
    clock.receive("clock", times[-1])
    beat = clock.beat(times[-1])
    assert beat is not None and beat.hz * 60.0 == pytest.approx(126.0, rel=0.01)
    assert beat.at(times[-1]) == pytest.approx((len(times) - 1) / PER_BEAT, abs=0.02)


def test_messages_that_were_held_up_and_come_at_once_are_counted_once() -> None:
    clock, times = MidiClock(), _times(120.0, 12)
    clock.receive("start", 0.0)
    held = set(range(150, 155))
    _fed((times[155] if number in held else time_s for number, time_s in enumerate(times)), clock)
    beat = clock.beat(times[-1])
    assert beat is not None and beat.hz * 60.0 == pytest.approx(120.0, rel=0.01)
    assert beat.at(times[-1]) == pytest.approx((len(times) - 1) / PER_BEAT, abs=0.02)


@pytest.mark.parametrize(("before", "after"), [(120, 132), (120, 90), (60, 120), (140, 70)])
def test_another_tempo_is_followed_within_two_beats(before: float, after: float) -> None:
    times = _times(before, 6)
    more = _times(after, 6, times[-1] + 60.0 / after / PER_BEAT)
    clock = MidiClock()
    clock.receive("start", 0.0)
    _fed([*times, *more[: 2 * PER_BEAT]], clock)
    assert _bpm(clock, more[2 * PER_BEAT - 1]) == pytest.approx(after, rel=0.05)
    _fed(more[2 * PER_BEAT :], clock)
    assert _bpm(clock, more[-1]) == pytest.approx(after, rel=0.01)
    beat = clock.beat(more[-1])
    assert beat is not None
    assert beat.at(more[-1]) == pytest.approx((len(times) + len(more) - 1) / PER_BEAT, abs=0.06)


def test_a_clock_that_stops_is_lost_and_one_that_comes_back_is_found() -> None:
    times = _times(120.0, 4)
    clock = _fed(times)
    assert clock.beat(times[-1] + 0.4) is not None
    assert clock.beat(times[-1] + 0.6) is None
    again = _times(100.0, 2, times[-1] + 5.0)
    _fed(again, clock)
    assert _bpm(clock, again[-1]) == pytest.approx(100.0, rel=1e-6)


def test_too_few_messages_say_nothing() -> None:
    clock = MidiClock()
    assert clock.beat(0.0) is None
    times = _times(120.0, 1)
    _fed(times[:7], clock)
    assert clock.beat(times[6]) is None


def test_start_stop_continue_and_song_position() -> None:
    clock, times = MidiClock(), _times(120.0, 30)

    def run(first: int, last: int) -> float:
        _fed(times[first:last], clock)
        beat = clock.beat(times[last - 1])
        assert beat is not None
        return beat.at(times[last - 1])

    run(0, 30)
    assert not clock.runs
    clock.receive("start", times[29])
    assert clock.runs and run(30, 79) == pytest.approx(2.0)
    clock.receive("stop", times[78])
    assert not clock.runs
    run(79, 100)  # the clock of most sequencers goes on
    clock.receive("continue", times[99])
    assert run(100, 101) == pytest.approx(49 / PER_BEAT)
    clock.receive("stop", times[100])
    clock.receive("songpos", times[100], 32)
    clock.receive("continue", times[100])
    assert run(101, 102) == pytest.approx(8.0)
    assert not clock.receive("note_on", times[102])


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_the_beat_is_a_number_of_sane_size(seed: int) -> None:
    chance, clock, now = random.Random(seed), MidiClock(), 0.0
    for _ in range(600):
        now += chance.choice([0.0, 1e-9, 1e-4, 0.02, 0.021, 0.3, 4.0, 1e5])
        kind = chance.choice(["clock"] * 8 + ["start", "stop", "continue", "songpos"])
        clock.receive(kind, now, chance.randrange(16384))
        beat = clock.beat(now)
        if beat is not None:
            assert 19.0 < 60.0 * beat.hz < 401.0 and math.isfinite(beat.beats)
