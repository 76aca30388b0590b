"""metadata.json: every key's type and range; any bytes are a ModelInfo or a MetadataError."""

from __future__ import annotations

import json
import math
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_decoder import INFO

from ddsp_edge.bundles.metadata import (
    KEYS,
    MAX_BYTES,
    VST_KEYS,
    MetadataError,
    ModelInfo,
    Number,
    Room,
    parse_metadata,
)


def _with(**changes: Any) -> bytes:
    return json.dumps({**INFO.as_json(), **changes}).encode()


def _without(key: str) -> bytes:
    return json.dumps({k: v for k, v in INFO.as_json().items() if k != key}).encode()


def test_round_trip() -> None:
    assert parse_metadata(INFO.to_bytes()) == INFO


def test_every_field_of_model_info_has_a_key() -> None:
    keyed = [field for field, _ in KEYS.values()]
    optional = ["room", "expression", "loudness_map", "heard_map", "response_gain"]
    assert sorted(f.name for f in fields(ModelInfo)) == sorted([*keyed, *optional])


def test_model_info_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        INFO.name = "other"  # type: ignore[misc]


def test_hop_and_band_limit() -> None:
    assert INFO.hop_s == pytest.approx(0.005)
    assert INFO.band_limit_hz == 24000.0


def test_vst_hop_is_the_frame_rate_s_although_its_frame_size_is_a_window() -> None:
    info = replace(INFO, profile="vst", sample_rate=16000, frame_rate=50.0, frame_size=1024)
    assert info.hop_s == pytest.approx(0.02)


def test_vst_keys_are_ddsp_vst_s_thirteen() -> None:
    assert len(VST_KEYS) == 13
    assert "mean_min_pitch_note_hz" in VST_KEYS
    assert "state_size" not in VST_KEYS


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "value", [None, [], {}, True, "x" * 5000, "line\nbreak", 1e300, -1e300, 10**400, "\x00"]
)
def test_wrong_value_of_any_key_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(MetadataError, match=key):
        parse_metadata(_with(**{key: value}))


@pytest.mark.parametrize("key", [k for k, (_, rule) in KEYS.items() if isinstance(rule, Number)])
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_not_finite_is_refused(key: str, text: str) -> None:
    data = json.dumps({**INFO.as_json(), key: "HERE"}).replace('"HERE"', text).encode()
    with pytest.raises(MetadataError):
        parse_metadata(data)


@pytest.mark.parametrize("key", [k for k, (_, rule) in KEYS.items() if rule.default is None])
def test_missing_key_is_named(key: str) -> None:
    with pytest.raises(MetadataError, match=f"{key} is missing"):
        parse_metadata(_without(key))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "format"),
        ({"format_version": 2}, "format_version is 2"),
        ({"format_version": True}, "format_version"),
        ({"frame_size": 241}, "frame_size 241"),
        ({"num_harmonics": 7.5}, "whole"),
        ({"mean_min_pitch_note": 95.0}, "pitch_note"),
        ({"mean_min_power_note": 0.0}, "loudness_db"),
        ({"name": "../evil"}, "slashes"),
        ({"name": "  "}, "name"),
        ({"profile": "gpu"}, "edge, vst"),
    ],
)
def test_values_that_do_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(MetadataError, match=words):
        parse_metadata(_with(**changes))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"3",
        b"\xff\xfe",
        b"{" * 5000,
        b'{"a":' * 10000 + b"1" + b"}" * 10000,
        b"[" * 60000,
        b'{"a": 1, "a": 2}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_not_json_that_can_be_read(data: bytes) -> None:
    with pytest.raises(MetadataError):
        parse_metadata(data)


def test_unknown_keys_are_let_through() -> None:
    assert parse_metadata(_with(of_a_later_version=[1, 2])) == INFO


def test_defaults_fill_what_a_vst_file_does_not_say_and_cannot_be_overridden() -> None:
    defaults = {**INFO.as_json(), "profile": "vst", "name": "File", "frame_size": 1024}
    said = {"mean_max_pitch_note": 80, "name": "/evil", "profile": "edge", "state_size": 1}
    info = parse_metadata(json.dumps(said).encode(), defaults)
    assert (info.max_pitch_note, info.name, info.profile) == (80.0, "File", "vst")
    assert info.state_size == INFO.state_size


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), JSON, max_size=4))
def test_any_json_gives_a_checked_info_or_an_error(changes: dict[str, Any]) -> None:
    try:
        info = parse_metadata(_with(**changes))
    except MetadataError:
        return
    assert all(math.isfinite(v) for v in info.as_json().values() if isinstance(v, int | float))
    assert parse_metadata(info.to_bytes()) == info


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error(data: bytes) -> None:
    with pytest.raises(MetadataError):
        parse_metadata(data)


def _with_room(room: object) -> bytes:
    return json.dumps({**INFO.as_json(), "room": room}).encode()


def test_a_room_comes_back_and_none_leaves_no_key() -> None:
    room = Room(0.4, 0.6, 0.2, 0.9, -14.0)
    info = replace(INFO, room=room)
    assert parse_metadata(info.to_bytes()) == info
    assert parse_metadata(_with_room({"size": 0.4, "damping": 0.6, "wet": 0.2})).room == Room(
        0.4, 0.6, 0.2
    )
    assert b"room" not in INFO.to_bytes()
    assert parse_metadata(INFO.to_bytes()).room is None


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ("hall", "room is 'hall', not an object"),
        ({"size": 0.4, "damping": 0.6}, "room has no wet"),
        ({"size": 1.4, "damping": 0.6, "wet": 0.1}, "room.size is 1.4, outside 0 to 1"),
        ({"size": 0.4, "damping": "x", "wet": 0.1}, "room.damping is 'x', not a number"),
        ({"size": 0.4, "damping": 0.1, "wet": 0.1, "t60_s": -1}, "room.t60_s is -1, outside"),
    ],
)
def test_a_bad_room_is_refused(room: object, words: str) -> None:
    with pytest.raises(MetadataError, match=re.escape(words)):
        parse_metadata(_with_room(room))
