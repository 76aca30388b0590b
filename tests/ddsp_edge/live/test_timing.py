"""Histograms know a time to within an eighth of an octave, and the largest exactly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.live.timing import Gauges, Histogram


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50), st.floats(0.01, 1.0))
def test_quantiles_are_near_the_true_ones(times, share):
    histogram = Histogram()
    for ns in times:
        histogram.add(ns)
    true = sorted(times)[int(np.ceil(share * len(times))) - 1]
    assert true <= histogram.quantile_ns(share) <= true * 1.125 + 1
    assert histogram.largest_ns == max(times)
    assert histogram.count == len(times) and histogram.total_ns == sum(times)


def test_nothing_counted_is_zero_and_a_clock_that_goes_back_too():
    histogram = Histogram()
    assert histogram.summary()["max_us"] == 0.0 == histogram.summary()["p99_us"]
    histogram.add(-5)
    assert histogram.count == 1 and histogram.quantile_ns(1.0) == 0


def test_summary_is_in_microseconds():
    histogram = Histogram()
    for ns in (1_000, 2_000, 3_000_000):
        histogram.add(ns)
    summary = histogram.summary()
    assert summary["count"] == 3 and summary["max_us"] == 3000.0
    assert 2.0 <= summary["p50_us"] <= 2.25 and summary["mean_us"] == 1001.0


def test_depths_beyond_the_last_count_as_the_last():
    gauges = Gauges()
    for depth in (1, 1, 2, 400):
        gauges.woken(depth, gauges.clock())
    assert gauges.depths == [0, 2, 1, 0, 0, 0, 0, 0, 1]
    assert gauges.summary()["wake_up"]["count"] == 4
