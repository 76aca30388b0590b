"""Timbre's statistics: the mean and the motion, over what was heard before, each room's own."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit.timbre import KEPT, TimbreStatistics  # noqa: E402

RATE = 48_000
HERE = torch.zeros(1, dtype=torch.long)


def brightening(shares: list[float]) -> torch.Tensor:
    """[1, half a second]: tones of 1.2 and 5 kHz, of which the upper one has these shares of the
    power, one after the other."""
    at = torch.arange(RATE // 2) / RATE
    share = torch.tensor(shares).repeat_interleave(len(at) // len(shares))
    low, high = (torch.sin(2 * math.pi * hz * at) for hz in (1200.0, 5000.0))
    return (0.1 * (torch.sqrt(1 - share) * low + torch.sqrt(share) * high))[None]


@torch.no_grad()
def once(ours: torch.Tensor, theirs: torch.Tensor, room: torch.Tensor = HERE) -> float:
    return float(TimbreStatistics(RATE, 2)(ours, theirs, room))


def test_timbre_is_told_by_its_mean_and_by_how_much_it_moves():
    moving, still = brightening([0.1, 0.3, 0.1, 0.3]), brightening([0.2, 0.2, 0.2, 0.2])
    assert once(moving, moving) == 0.0
    assert once(0.1 * moving, moving) == pytest.approx(0.0, abs=1e-4)
    # The same share on the whole that does not move; the same motion, later; a fifth of the share.
    assert once(still, moving) > 2.0
    assert once(brightening([0.3, 0.1, 0.3, 0.1]), moving) == pytest.approx(0.0, abs=0.1)
    assert once(brightening([0.02, 0.06, 0.02, 0.06]), moving) > 0.5


def test_timbre_is_each_rooms_own():
    dull, bright = brightening([0.1, 0.3]), brightening([0.3, 0.5])
    ours, theirs = torch.cat([bright, dull]), torch.cat([dull, bright])
    both = torch.tensor([0, 0])
    assert once(ours, theirs, both) == pytest.approx(0.0, abs=1e-4)
    assert once(ours, theirs, torch.arange(2)) > 0.05


def test_the_gradient_goes_where_all_that_was_heard_is_wrong():
    """A crop that is right, after many that were too dull, is asked to be brighter."""
    bright, dull = brightening([0.3, 0.5]), brightening([0.1, 0.2])
    statistics = TimbreStatistics(RATE)
    for _ in range(40):
        statistics(dull, bright, HERE)
    low, high = (
        0.1 * torch.sin(2 * math.pi * hz * torch.arange(RATE // 2) / RATE)[None]
        for hz in (1200.0, 5000.0)
    )

    def wants(statistics: TimbreStatistics) -> float:
        gain = torch.ones(1, requires_grad=True)
        statistics(low + gain * high, low + high, HERE).backward()
        return -float(gain.grad)

    assert wants(statistics) > 0.05
    assert wants(TimbreStatistics(RATE)) == pytest.approx(0.0, abs=0.01)


def test_as_much_as_is_remembered_a_batch_counts_more():
    bright, dull = brightening([0.3, 0.5]), brightening([0.1, 0.2])
    fresh, old = TimbreStatistics(RATE), TimbreStatistics(RATE)
    for _ in range(200):
        old(dull, bright, HERE)
    assert float(old.heard[0, 0, 0]) == pytest.approx(1 / (1 - KEPT), rel=0.01)
    gradients = []
    for statistics in (fresh, old):
        ours = dull.clone().requires_grad_()
        statistics(ours, bright, HERE).backward()
        gradients.append(ours.grad)
    assert torch.allclose(*gradients, rtol=1e-2, atol=1e-5)


def test_nothing_is_remembered_of_what_is_only_measured():
    statistics = TimbreStatistics(RATE)
    with torch.no_grad():
        statistics(brightening([0.1]), brightening([0.3]), HERE)
    assert not statistics.heard.any()


def test_silence_has_a_gradient():
    sound = brightening([0.1, 0.3])
    for target in (sound, 0 * sound):
        for ours in (0 * sound, sound, 1e-7 * sound):
            ours = ours.clone().requires_grad_()
            TimbreStatistics(RATE)(ours, target, HERE).backward()
            assert torch.isfinite(ours.grad).all()
