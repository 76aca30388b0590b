"""ADSR: where each segment begins and ends, and what a note struck again does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_players.envelope import DIP, DIP_ABOVE, DIP_S, Envelope

from ddsp_edge.settings import Settings

SETTINGS = Settings(attack=0.1, decay=0.2, sustain=0.5, release=0.3)


def started(settings=SETTINGS):
    envelope = Envelope(settings)
    envelope.attack(1.0, legato=False)
    return envelope


def test_the_four_segments():
    envelope = started()
    assert envelope.level(1.0) == 0.0
    assert 0.5 < envelope.level(1.05) < 1.0
    assert envelope.level(1.1) == pytest.approx(1.0)
    assert envelope.level(1.3) == pytest.approx(0.5)
    assert envelope.level(9.0) == pytest.approx(0.5)
    envelope.release(9.0)
    assert envelope.level(9.15) == pytest.approx(0.5 * 10**-1.5)  # half way: 30 dB down
    assert envelope.level(9.3) == pytest.approx(0.5e-3)
    assert not envelope.silent
    assert envelope.level(9.5) == 0.0
    assert envelope.silent


def test_struck_again_it_dips_legato_it_goes_on():
    envelope = started()
    held = envelope.level(2.0)
    assert envelope.attack(2.0, legato=True) == 2.0
    assert envelope.level(2.0) == held
    rise = envelope.attack(2.0, legato=False)
    assert rise == pytest.approx(2.0 + DIP_S)
    assert envelope.attack(2.001, legato=True) == rise  # a second note of a chord: still to come
    assert envelope.level(2.0) == envelope.level(rise) == pytest.approx(DIP * held)
    assert envelope.level(rise + 0.1) == pytest.approx(1.0)


def test_what_has_nearly_died_away_is_struck_without_delay():
    envelope = started()
    envelope.release(2.0)
    level = envelope.level(2.1)
    assert 0.01 < level < DIP_ABOVE
    assert envelope.attack(2.1, legato=False) == 2.1
    assert envelope.level(2.1) == pytest.approx(level)


def test_a_legato_note_after_a_release_is_an_attack():
    envelope = started()
    envelope.release(2.0)
    envelope.attack(5.0, legato=True)
    assert envelope.level(5.1) == pytest.approx(1.0)


def test_release_during_the_attack_starts_from_there():
    envelope = started()
    level = envelope.level(1.03)
    envelope.release(1.03)
    assert envelope.level(1.03) == pytest.approx(level)
    assert envelope.level(1.1) < level


def test_an_event_may_come_before_the_time_last_asked_for():
    envelope = started()
    envelope.level(1.5)  # looked ahead, into the decay
    envelope.release(1.2)
    assert 0.0 < envelope.level(1.25) <= 1.0


def test_stop_is_silence_at_once():
    envelope = started()
    envelope.level(1.2)
    envelope.stop()
    assert envelope.silent and envelope.level(1.2) == 0.0


times = st.floats(0.001, 5.0)


@given(
    settings=st.builds(Settings, attack=times, decay=times, sustain=st.floats(0, 1), release=times),
    events=st.lists(st.tuples(st.sampled_from("alrs"), st.floats(0.0, 2.0)), max_size=20),
)
def test_any_order_of_events_keeps_the_level_in_range_and_ends(settings, events):
    envelope, now = Envelope(settings), 0.0
    for kind, later in events:
        now += later
        if kind in "al":
            envelope.attack(now, legato=kind == "l")
        elif kind == "r":
            envelope.release(now)
        else:
            envelope.stop()
        for ahead in (0.0, 0.005, 1.0):
            level = envelope.level(now + ahead)
            assert 0.0 <= level <= 1.0 and math.isfinite(level)
    envelope.release(now)
    assert envelope.level(now + 2.0 * settings.release + 1.0) == 0.0
    assert envelope.silent
