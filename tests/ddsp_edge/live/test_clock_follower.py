"""The control thread follows a clock: what the instruments are told, and when."""

from __future__ import annotations

import mido
import pytest

from ddsp_edge.live.clock_follower import ClockFollower


def test_it_tells_of_a_tempo_once_of_another_again_and_that_it_is_lost() -> None:
    follower, told = ClockFollower(), 0
    now = 0.0
    assert follower.receive(mido.Message("start"), now)
    for _ in range(96):
        now += 1.0 / 48.0
        assert follower.receive(mido.Message("clock"), now)
        told += follower.news(now, now + 100.0)
    assert told == 1 and follower.told is not None
    assert follower.told.hz == pytest.approx(2.0)
    assert follower.told.at(now + 100.0) == pytest.approx(95 / 24)
    for _ in range(96):
        now += 1.0 / 72.0
        follower.receive(mido.Message("clock"), now)
        follower.news(now, now + 100.0)
    assert follower.told is not None and follower.told.hz == pytest.approx(3.0, rel=0.01)
    assert follower.news(now + 2.0, now + 102.0) and follower.told is None
    assert not follower.news(now + 2.1, now + 102.1)


def test_other_messages_are_not_its() -> None:
    assert not ClockFollower().receive(mido.Message("note_on", note=60), 0.0)
    assert ClockFollower().receive(mido.Message("songpos", pos=4), 0.0)
