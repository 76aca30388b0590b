"""A room behind a model: no key beyond its range is louder or noisier than the range's end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import Bundle, read_bundle, with_response
from ddsp_edge.calibration.beyond import key_gains_db
from ddsp_edge.calibration.calibrate import with_map
from ddsp_edge.calibration.sweep import sweep
from ddsp_edge.calibration.verdict import LOUDER_DB, reasons
from ddsp_edge.decoding.networks import SHIPPED

VELOCITIES = (24, 127)


@pytest.fixture(scope="module")
def roomy() -> Bundle:
    """The flute in a small stone room: its tail has as much energy as the direct sound."""
    flute = read_bundle(SHIPPED.parent / "flute.zip")
    n = 24_000
    tail = np.random.default_rng(6).standard_normal(n) * 10 ** (-2.5 * np.arange(n) / n)
    return with_response(flute, (0.7 * tail / np.sqrt((tail**2).sum())).astype(np.float32))


def keys_beyond(bundle: Bundle) -> list[int]:
    low, high = round(bundle.info.min_pitch_note + 0.5), int(bundle.info.max_pitch_note)
    return [low - 2, low - 1, low, high - 7, high, *range(high + 1, high + 12, 2)]


def test_without_a_room_made_for_it_keys_blare_and_with_it_none(
    roomy: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddsp_edge.calibration.fit.STEP_DB", 5.0)
    keys = keys_beyond(roomy)
    before = sweep(roomy, keys, VELOCITIES)
    assert any("beyond the range" in reason for reason in reasons(before))
    after = sweep(with_map(roomy), keys, VELOCITIES)
    assert not [reason for reason in reasons(after) if "beyond the range" in reason]
    inside = np.array(after.in_range)
    # As loud on every note of the range as was asked for, whatever the room makes of it.
    assert np.ptp(after.level_db[inside], axis=0).max() < 2 * LOUDER_DB
    assert np.ptp(before.level_db[inside], axis=0).max() > 2 * LOUDER_DB


def test_a_rows_keys_are_those_that_are_shown_it(roomy: Bundle) -> None:
    """One sine beyond the range, in a room that answers a single key twice as loud."""
    notes, edges = np.array([71.0, 72.0, 73.0]), np.array([1, 1, 1])
    lines = np.zeros((3, 2, 1))
    lines[:, :, 0] = 1.0
    none = replace(roomy, response=None)
    for found in key_gains_db(none, notes, edges, lines):
        assert not found.any()
    louder, weaker = key_gains_db(roomy, notes, edges, lines)
    assert not louder[1].any() and not weaker[1].any()
    assert np.all(louder[[0, 2]] > weaker[[0, 2]]) and np.all(weaker[[0, 2]] < -1.0)
    flat = with_response(none, np.array([1.0], np.float32))  # twice as loud everywhere
    louder, weaker = key_gains_db(flat, notes, edges, lines)
    assert np.allclose(louder, 0.0, atol=1e-6) and np.allclose(weaker, 0.0, atol=1e-6)
