"""The loudness map that is found: within what gets brighter, as loud as was asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.calibration.fit import FLAT, choose_intervals, fit_loudness_map
from ddsp_edge.calibration.spectra import Spectra, measure
from ddsp_edge.decoding.networks import SHIPPED
from ddsp_edge.units import midi_to_hz

SHOWN_DB = np.arange(-42.0, -11.0)


def spectra(centroid_hz: np.ndarray, amplitude_hz: np.ndarray | None = None) -> Spectra:
    """Rows of centroids, a note each, over SHOWN_DB."""
    power = np.ones(centroid_hz.shape)
    amplitude_hz = centroid_hz if amplitude_hz is None else amplitude_hz
    notes = 60.0 + np.arange(len(centroid_hz))
    return Spectra(notes, SHOWN_DB, power, 0.01 * power, centroid_hz, amplitude_hz)


def falls(curve: np.ndarray) -> float:
    return float((np.maximum.accumulate(curve) - curve).max() / curve.max())


def test_what_rises_throughout_is_left_as_it_is() -> None:
    begins, ends = choose_intervals(spectra(np.tile(500.0 + 20 * np.arange(31), (3, 1))), -42, -12)
    assert begins.tolist() == [-42.0] * 3 and ends.tolist() == [-12.0] * 3


def test_where_louder_is_duller_nothing_louder_is_shown() -> None:
    """As the violin's A4: brightest in the middle."""
    curve = 1000.0 - 2.0 * (SHOWN_DB + 26.0) ** 2
    begins, ends = choose_intervals(spectra(np.tile(curve, (4, 1))), -42, -12)
    assert np.all(ends < -22.0) and np.all(begins < -36.0)
    for begin, end in zip(begins, ends, strict=True):
        assert falls(curve[(begin <= SHOWN_DB) & (end >= SHOWN_DB)]) <= FLAT


def test_the_centroid_of_the_amplitudes_must_not_fall_either() -> None:
    rising = np.tile(500.0 + 20 * np.arange(31), (2, 1))
    falling = np.where(SHOWN_DB < -30, 2000.0, 2000.0 - 60 * (SHOWN_DB + 30.0))
    _, ends = choose_intervals(spectra(rising, np.tile(falling, (2, 1))), -42, -12)
    assert np.all(ends <= -28.0)


def test_neighbouring_notes_get_similar_intervals() -> None:
    """One note alone could go on to -12; its neighbours end at -24."""
    rows = np.tile(1000.0 - np.maximum(SHOWN_DB + 24.0, 0.0) ** 2 * 9 + SHOWN_DB, (7, 1))
    rows[3] = 1000.0 + SHOWN_DB
    _, ends = choose_intervals(spectra(rows), -42, -12)
    assert np.all(ends[[2, 4]] <= -22.0) and np.abs(np.diff(ends)).max() <= 6.0


def test_a_note_that_only_gets_duller_is_shown_one_loudness() -> None:
    begins, ends = choose_intervals(spectra(np.array([900.0 - 20 * np.arange(31)])), -42, -12)
    assert begins.tolist() == ends.tolist()


@pytest.fixture(scope="module")
def trombone():  # type: ignore[no-untyped-def]
    bundle = read_bundle(SHIPPED.parent / "trombone.zip")
    return bundle, fit_loudness_map(bundle, 0.05)


def test_the_level_is_what_was_asked_for(trombone) -> None:  # type: ignore[no-untyped-def]
    bundle, found = trombone
    info = bundle.info
    for note in (45, 52, 60):
        row = round(note - found.lowest_note)
        for column in range(4, len(found.loudness_db) - 1):
            shown = np.array([found.shown_db[row][column]])
            heard = measure(bundle, np.array([note]), shown).level_db[0, 0]
            asked = found.loudness_db[column]
            assert heard + found.gain_db[row][column] == pytest.approx(asked, abs=0.05)
    assert found.lowest_note <= info.min_pitch_note - 1
    assert found.lowest_note + len(found.shown_db) - 1 >= info.max_pitch_note + 1
    assert found.centroid_fall == 0.05


def test_silence_is_shown_as_silence(trombone) -> None:  # type: ignore[no-untyped-def]
    _, found = trombone
    assert found.loudness_db[0] == -80.0
    assert all(row[0] == -80.0 for row in found.shown_db)
    assert all(row[0] == 0.0 for row in found.gain_db)


def test_only_beyond_the_range_the_noise_is_turned_down(trombone) -> None:  # type: ignore[no-untyped-def]
    bundle, found = trombone
    for i, row in enumerate(found.noise_db):
        if bundle.info.min_pitch_note <= found.lowest_note + i <= bundle.info.max_pitch_note:
            assert not any(row)


def test_a_model_that_c_does_not_know_is_measured_in_a_runtime() -> None:
    bundle = tiny_bundle()
    short = replace(bundle, info=replace(bundle.info, min_pitch_note=60.0, max_pitch_note=62.0))
    found = fit_loudness_map(short)
    assert len(found.shown_db) == 7
    heard = measure(bundle, np.array([61.0]), np.array([-20.0]))
    assert heard.centroid_hz[0, 0] > midi_to_hz(61) and 0 < heard.noise_share[0, 0] < 1
