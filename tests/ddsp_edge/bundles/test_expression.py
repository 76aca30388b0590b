"""``expression`` in metadata.json: read back as it was written, and hostile until checked."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_decoder import INFO

from ddsp_edge.bundles.expression import (
    QUANTITIES,
    VERSION,
    Expression,
    ExpressionError,
    Tendency,
    parse_expression,
)
from ddsp_edge.bundles.metadata import MetadataError, parse_metadata

LEARNT = Expression(
    {"vibrato_cents": Tendency(12.0, 3.0, velocity=4.0), "attack_s": Tendency(0.1)},
    "strings",
    120,
    True,
)


def with_expression(said: Any) -> bytes:
    return json.dumps({**INFO.as_json(), "expression": said}).encode()


def test_it_is_read_back_from_a_bundles_metadata() -> None:
    info = replace(INFO, expression=LEARNT)
    assert parse_metadata(info.to_bytes()) == info
    assert parse_metadata(INFO.to_bytes()).expression is None
    assert "expression" not in INFO.as_json()


def test_a_later_version_is_played_as_its_family() -> None:
    said = {**LEARNT.as_json(), "version": VERSION + 1, "quantities": {"of later": 1}}
    assert parse_metadata(with_expression(said)).expression is None


GOOD = LEARNT.as_json()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "not an object"),
        ({}, "version"),
        ({**GOOD, "version": True}, "version"),
        ({**GOOD, "version": 0}, "version"),
        ({**GOOD, "version": "1"}, "version"),
        ({**GOOD, "family": "x" * 33}, "family"),
        ({**GOOD, "family": "a\nb"}, "family"),
        ({**GOOD, "family": 3}, "family"),
        ({**GOOD, "notes": -1}, "notes"),
        ({**GOOD, "notes": 1.5}, "notes"),
        ({**GOOD, "notes": 10**30}, "notes"),
        ({**GOOD, "phrases": 1}, "phrases"),
        ({**GOOD, "quantities": []}, "quantities"),
        ({**GOOD, "quantities": {"vibrato": {"mean": 1}}}, "knows no 'vibrato'"),
        ({**GOOD, "quantities": {"vibrato_hz": 5}}, "not an object"),
        ({**GOOD, "quantities": {"vibrato_hz": {}}}, "a mean"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": 5, "x": 1}}}, "not an object"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": "5"}}}, "not a number"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": True}}}, "not a number"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": 10**400}}}, "too large"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": 50}}}, "outside 2.5 to 9"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": 5, "deviation": -1}}}, "deviation"),
        ({**GOOD, "quantities": {"vibrato_hz": {"mean": 5, "pitch": 1e5}}}, "pitch"),
    ],
)
def test_what_is_not_right_is_refused_in_one_line(said: Any, why: str) -> None:
    with pytest.raises(MetadataError, match=why) as error:
        parse_metadata(with_expression(said))
    assert "\n" not in str(error.value) and len(str(error.value)) < 200


def test_no_quantity_is_made_that_a_reader_would_refuse() -> None:
    with pytest.raises(ExpressionError):
        Expression({"vibrato_hz": Tendency(math.nan)})
    with pytest.raises(ExpressionError):
        Expression({"loudness": Tendency(1.0)})


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mean", "deviation", *QUANTITIES]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(GOOD)), _JSON))
def test_anything_is_read_or_refused(said: dict[str, Any]) -> None:
    try:
        found = parse_expression({"version": 1, **said})
    except ExpressionError:
        return
    if found is not None:
        assert parse_expression(found.as_json()) == found


def test_a_tendency_leans_on_what_is_played() -> None:
    how = Tendency(10.0, 2.0, pitch=3.0, velocity=10.0, length=1.0)
    assert how.at(0.0, 0.7, 0.7, 0.0) == pytest.approx(10.0)
    assert how.at(1.0, 0.9, 1.4, -1.0) == pytest.approx(10.0 + 3.0 + 2.0 + 1.0 - 2.0)
    assert math.isfinite(how.at(99.0, 0.0, 0.0, 2.5))
