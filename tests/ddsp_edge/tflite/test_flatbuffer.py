"""The flatbuffer reader: right on what flatbuffers' own builder writes, safe on everything else."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.tflite.flatbuffer import FlatbufferError, Reader, Schema

flatbuffers = pytest.importorskip("flatbuffers", reason="comes with ai-edge-litert")

SCHEMA: Schema = {
    "Root": {
        0: ("number", "i32"),
        1: ("name", "str"),
        2: ("row", "[f32]"),
        3: ("child", "Leaf"),
        4: ("children", "[Leaf]"),
        5: ("flag", "bool"),
        6: ("big", "u64"),
    },
    "Leaf": {0: ("value", "u8")},
}


def _leaf(b: Any, value: int) -> int:
    b.StartObject(1)
    b.PrependUint8Slot(0, value, 0)
    return int(b.EndObject())


def _file() -> bytes:
    b = flatbuffers.Builder(64)
    name = b.CreateString("violin")
    row = b.CreateNumpyVector(np.array([1.0, 2.5, -3.0], np.float32))
    leaves = [_leaf(b, 7), _leaf(b, 8)]
    b.StartVector(4, 2, 4)
    for leaf in reversed(leaves):
        b.PrependUOffsetTRelative(leaf)
    children = b.EndVector()
    b.StartObject(7)
    b.PrependInt32Slot(0, -5, 0)
    b.PrependUOffsetTRelativeSlot(1, name, 0)
    b.PrependUOffsetTRelativeSlot(2, row, 0)
    b.PrependUOffsetTRelativeSlot(3, leaves[0], 0)
    b.PrependUOffsetTRelativeSlot(4, children, 0)
    b.PrependBoolSlot(5, True, False)
    b.PrependUint64Slot(6, 2**63, 0)
    b.Finish(b.EndObject())
    return bytes(b.Output())


def test_reads_what_the_builder_wrote() -> None:
    root = Reader(_file(), SCHEMA).root("Root")
    assert root.pop("row").tolist() == [1.0, 2.5, -3.0]
    assert root == {
        "number": -5,
        "name": "violin",
        "child": {"value": 7},
        "children": [{"value": 7}, {"value": 8}],
        "flag": True,
        "big": 2**63,
    }


def test_absent_fields_are_absent() -> None:
    b = flatbuffers.Builder(16)
    b.StartObject(7)
    b.Finish(b.EndObject())
    assert Reader(bytes(b.Output()), SCHEMA).root("Root") == {}


def test_a_field_that_the_schema_does_not_know_is_refused() -> None:
    b = flatbuffers.Builder(16)
    b.StartObject(9)
    b.PrependInt32Slot(8, 1, 0)
    b.Finish(b.EndObject())
    with pytest.raises(FlatbufferError, match="field 8"):
        Reader(bytes(b.Output()), SCHEMA).root("Root")


def test_a_vector_longer_than_the_file() -> None:
    data = bytearray(_file())
    at = data.index(struct.pack("<If", 3, 1.0))
    struct.pack_into("<I", data, at, 0x40000000)
    with pytest.raises(FlatbufferError, match="longer than the file"):
        Reader(bytes(data), SCHEMA).root("Root")


def test_a_string_without_its_end() -> None:
    data = _file().replace(b"violin\0", b"violin!")
    with pytest.raises(FlatbufferError, match="does not end"):
        Reader(data, SCHEMA).root("Root")


def test_a_list_of_one_table_many_times_is_bounded() -> None:
    b = flatbuffers.Builder(1 << 16)
    leaf = _leaf(b, 1)
    b.StartVector(4, 5000, 4)
    for _ in range(5000):
        b.PrependUOffsetTRelative(leaf)
    children = b.EndVector()
    b.StartObject(7)
    b.PrependUOffsetTRelativeSlot(4, children, 0)
    b.Finish(b.EndObject())
    with pytest.raises(FlatbufferError, match="5000"):
        Reader(bytes(b.Output()), SCHEMA).root("Root")


@pytest.mark.parametrize("size", range(0, 40))
def test_every_short_file_is_refused(size: int) -> None:
    with pytest.raises(FlatbufferError):
        Reader(_file()[:size], SCHEMA).root("Root")


@given(st.binary(max_size=120))
def test_any_bytes(data: bytes) -> None:
    with contextlib.suppress(FlatbufferError):  # the one way to refuse
        Reader(data, SCHEMA).root("Root")


@given(st.data())
def test_damage(data: st.DataObject) -> None:
    file = bytearray(_file())
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FlatbufferError):  # the one way to refuse
        Reader(bytes(file), SCHEMA).root("Root")
