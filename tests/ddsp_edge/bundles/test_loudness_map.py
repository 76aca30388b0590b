"""The loudness map in metadata.json: read back as written, refused where it is not sane."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tiny_decoder import INFO

from ddsp_edge.bundles.loudness_map import LoudnessMap, LoudnessMapError
from ddsp_edge.bundles.metadata import MetadataError, parse_metadata

MAP = LoudnessMap(
    57.0,
    (-80.0, -40.0, -10.0),
    ((-80.0, -38.5, -20.0), (-80.0, -37.0, -21.0)),
    ((0.0, 1.5, 10.0), (0.0, -2.0, 11.0)),
    ((0.0, 0.0, 0.0), (0.0, -6.0, 0.0)),
    0.117,
)
WITH_MAP = replace(INFO, loudness_map=MAP)


def test_it_is_read_as_it_was_written() -> None:
    assert parse_metadata(WITH_MAP.to_bytes()) == WITH_MAP
    assert parse_metadata(INFO.to_bytes()).loudness_map is None


def test_with_a_map_softer_notes_than_the_trained_ones_can_be_asked_for() -> None:
    assert INFO.note_loudness_db == (-60.0, -10.0)
    loud = replace(WITH_MAP, min_loudness_db=-30.0)
    assert loud.note_loudness_db == (-40.0, -10.0)


def test_the_kernel_is_given_the_same_numbers() -> None:
    native = MAP.native()
    assert native.lowest_note == 57.0 and native.loudness_db.tolist() == [-80.0, -40.0, -10.0]
    assert native.shown_db.shape == native.gain_db.shape == native.noise_db.shape == (2, 3)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"lowest_note": None}, "lowest_note"),
        ({"lowest_note": 1e9}, "lowest_note"),
        ({"loudness_db": [-80.0, -40.0, -40.0]}, "rise"),
        ({"loudness_db": [-80.0, -40.0]}, "shown_db"),
        ({"loudness_db": []}, "loudness_db"),
        ({"loudness_db": "loud"}, "loudness_db"),
        ({"loudness_db": [-80.0] * 40}, "loudness_db"),
        ({"shown_db": []}, "shown_db"),
        ({"shown_db": [[-80.0, -20.0, 3.0]] * 2}, "shown_db"),
        ({"shown_db": [[-80.0, -20.0, -10.0]] * 200}, "shown_db"),
        ({"gain_db": [[0.0, True, 0.0]] * 2}, "gain_db"),
        ({"gain_db": [[0.0, 61.0, 0.0]] * 2}, "gain_db"),
        ({"gain_db": [[0.0, 0.0, 0.0]]}, "gain_db"),
        ({"noise_db": [[0.0, 0.1, 0.0]] * 2}, "noise_db"),
        ({"centroid_fall": 2}, "centroid_fall"),
        ({"centroid_fall": "much"}, "centroid_fall"),
    ],
    ids=str,
)
def test_what_is_not_sane_is_refused(changes: dict[str, Any], word: str) -> None:
    values = json.loads(WITH_MAP.to_bytes())
    values["loudness_map"] = {**values["loudness_map"], **changes}
    with pytest.raises(MetadataError, match=word) as caught:
        parse_metadata(json.dumps(values).encode())
    assert "\n" not in str(caught.value) and "loudness_map" in str(caught.value)


@pytest.mark.parametrize("said", [3, [], "map", {"version": 1}], ids=str)
def test_what_is_no_map_is_refused(said: Any) -> None:
    values = json.loads(INFO.to_bytes())
    with pytest.raises(MetadataError, match="loudness_map"):
        parse_metadata(json.dumps({**values, "loudness_map": said}).encode())


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(LoudnessMapError):
        replace(MAP, lowest_note=float("nan"))
    with pytest.raises(LoudnessMapError):
        replace(MAP, loudness_db=(-80.0, float("nan"), 0.0))
