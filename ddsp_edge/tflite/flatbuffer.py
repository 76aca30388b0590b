"""A bounds-checked reader of flatbuffers: nothing outside the file is ever touched.

The tables to read are data (:mod:`ddsp_edge.tflite.schema`); the checks are those of the
flatbuffers verifier: offsets, vtables, vector lengths, string ends, alignment.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

#: Scalar kinds: struct format, which is also NumPy's little-endian type.
SCALARS = {
    "bool": "?",
    "i8": "b",
    "u8": "B",
    "i32": "i",
    "u32": "I",
    "i64": "q",
    "u64": "Q",
    "f32": "f",
}
#: Table name to {field number: (field name, kind)}. Kinds: a scalar; "str"; "[scalar]";
#: "Table"; "[Table]"; "union" (its position; the field before it holds the type).
Schema = dict[str, dict[int, tuple[str, str]]]

MAX_TABLES = 20_000
MAX_TABLES_IN_VECTOR = 4096
MAX_STRING = 4096


class FlatbufferError(ValueError):
    """A file breaks the FlatBuffers format; the message says where."""


class Reader:
    """Reads tables of one file. Every method raises FlatbufferError on a bad offset."""

    def __init__(self, data: bytes | bytearray, schema: Schema) -> None:
        self._data, self._schema, self._tables = data, schema, 0

    def scalar(self, kind: str, position: int) -> Any:
        code = SCALARS[kind]
        size = struct.calcsize(code)
        if position < 0 or position + size > len(self._data):
            raise FlatbufferError(f"an offset points to {position}, outside the file")
        if position % size:
            raise FlatbufferError(f"a {kind} at {position} is not aligned")
        if kind == "bool":  # any other byte would be undefined behaviour in the interpreter
            if self._data[position] > 1:
                raise FlatbufferError(f"the bool at {position} is neither 0 nor 1")
            return bool(self._data[position])
        return struct.unpack_from("<" + code, self._data, position)[0]

    def follow(self, position: int) -> int:
        """Return the position that the offset at ``position`` points to."""
        offset = self.scalar("u32", position)
        target = position + offset
        if offset == 0 or target >= len(self._data):
            raise FlatbufferError(f"the offset at {position} points outside the file")
        return target

    def root(self, table: str) -> dict[str, Any]:
        return self.table(table, self.follow(0))

    def table(self, name: str, position: int) -> dict[str, Any]:
        """The fields that are present, by name; nested tables are read too."""
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise FlatbufferError(f"more than {MAX_TABLES} tables")
        vtable = position - self.scalar("i32", position)
        vtable_size, table_size = self.scalar_u16(vtable), self.scalar_u16(vtable + 2)
        if vtable_size < 4 or vtable_size % 2 or vtable + vtable_size > len(self._data):
            raise FlatbufferError(f"the vtable at {vtable} has a size of {vtable_size}")
        if table_size < 4 or position + table_size > len(self._data):
            raise FlatbufferError(f"the {name} at {position} has a size of {table_size}")
        fields = self._schema[name]
        found: dict[str, Any] = {}
        for number in range((vtable_size - 4) // 2):
            offset = self.scalar_u16(vtable + 4 + 2 * number)
            if offset == 0:
                continue
            if number not in fields:
                raise FlatbufferError(f"{name} has a field {number}, which decoders do not need")
            field, kind = fields[number]
            size = struct.calcsize(SCALARS[kind]) if kind in SCALARS else 4
            if offset < 4 or offset + size > table_size:
                raise FlatbufferError(f"{name}.{field} lies outside its table")
            found[field] = self._value(kind, position + offset)
        return found

    def scalar_u16(self, position: int) -> int:
        if position < 0 or position + 2 > len(self._data) or position % 2:
            raise FlatbufferError(f"a vtable at {position} is outside the file")
        return int(struct.unpack_from("<H", self._data, position)[0])

    def _value(self, kind: str, position: int) -> Any:
        if kind in SCALARS:
            return self.scalar(kind, position)
        target = self.follow(position)
        if kind == "str":
            return self._string(target)
        if kind == "union":
            return target
        if not kind.startswith("["):
            return self.table(kind, target)
        element = kind[1:-1]
        if element in SCALARS:
            return self._vector(element, target)
        count = self.scalar("u32", target)
        if count > MAX_TABLES_IN_VECTOR:
            raise FlatbufferError(f"a list of {count} {element}s")
        self._span(target + 4, 4 * count)
        return [self.table(element, self.follow(target + 4 + 4 * i)) for i in range(count)]

    def _span(self, start: int, size: int) -> None:
        if start + size > len(self._data):
            raise FlatbufferError(f"a vector at {start} is longer than the file")

    def _vector(self, kind: str, position: int) -> np.ndarray:
        """Return a vector as a view of the file, without a copy."""
        dtype = np.dtype("<" + SCALARS[kind] if kind != "bool" else "u1")
        count = self.scalar("u32", position)
        self._span(position + 4, dtype.itemsize * count)
        if count and (position + 4) % dtype.itemsize:
            raise FlatbufferError(f"the {kind} vector at {position} is not aligned")
        return np.frombuffer(self._data, dtype, count, position + 4)

    def _string(self, position: int) -> str:
        count = self.scalar("u32", position)
        start = position + 4
        self._span(start, count + 1)
        if count > MAX_STRING or self._data[start + count] != 0:
            raise FlatbufferError(f"the text at {position} does not end")
        return self._data[start : start + count].decode("utf-8", "replace")
