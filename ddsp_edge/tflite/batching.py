"""A decoder's TFLite file made ready for several voices in one invocation.

Its tensors have a first dimension that says how many rows there are: 1. Runtimes resize inputs
and work out every shape after them, except where a RESHAPE names a fixed one. Here those say
"as many as there are" (-1) in the first place instead; nothing else in the file changes.

The runtimes' checks are thin where a file is resized (tflite-runtime 2.14 breaks its heap at a
SLICE), so only files of operators that treat each row by itself are taken: those of our own
decoders. DDSP-VST's normalise and cut, and are played one voice after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ddsp_edge.tflite.flatbuffer import FlatbufferError, Reader
from ddsp_edge.tflite.schema import OPERATORS, TABLES

#: Operators that give for each row what they give for it alone.
BY_ROW = frozenset(
    (
        *("FULLY_CONNECTED", "DEQUANTIZE", "SOFTMAX", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"),
        *("LEAKY_RELU", "RELU", "LOGISTIC", "TANH", "EXP"),
    )
)


def subgraphs(model: bytes) -> int:
    """Return how many subgraphs a checked file has; more than one means a loop."""
    reader = Reader(model, TABLES)
    root = reader.follow(0)
    # Only the length of the list: reading all of it costs milliseconds.
    vtable = root - reader.scalar("i32", root)
    number = next(n for n, (name, _) in TABLES["Model"].items() if name == "subgraphs")
    offset = reader.scalar_u16(vtable + 4 + 2 * number)
    return int(reader.scalar("u32", reader.follow(root + offset)))


def with_rows(model: bytes) -> bytes | None:
    """Return a copy of a checked file with inputs that can be resized, or None."""
    data = bytearray(model)
    try:
        reader = Reader(data, TABLES)
        tables = reader.root("Model")  # its vectors are views of ``data``
        shapes = _shapes(reader, tables)
    except FlatbufferError:
        return None
    for index in shapes or ():
        shape = tables["buffers"][index].get("data", np.zeros(0, np.uint8)).view("<i4")
        if not len(shape) or (shape < 0).any():
            return None
        shape[0] = -1
    return bytes(data) if shapes is not None else None


def _shapes(reader: Reader, tables: dict[str, Any]) -> set[int] | None:
    """The buffers that are RESHAPEs' shapes and nothing else; None where rows would meet."""
    if len(tables["subgraphs"]) != 1:
        return None
    graph = tables["subgraphs"][0]
    tensors, shapes, others = graph["tensors"], set(), set()
    codes = [
        max(code.get("deprecated_builtin_code", 0), code.get("builtin_code", 0))
        for code in tables["operator_codes"]
    ]
    for operator in graph["operators"]:
        name = OPERATORS[codes[operator.get("opcode_index", 0)]][0]
        reads = [int(i) for i in operator["inputs"] if i >= 0]
        buffers = [int(tensors[i].get("buffer", 0)) for i in reads]
        if name == "RESHAPE" and len(reads) == 2:
            shapes.add(buffers.pop())
        elif name == "CONCATENATION":
            options = reader.table(f"{name} options", operator["builtin_options"])
            rank = len(tensors[reads[0]].get("shape", ()))
            if rank < 2 or options.get("axis", 0) % rank == 0:
                return None
        elif name not in BY_ROW:
            return None
        others.update(buffers)
    # Buffer 0 is empty: a shape that is computed.
    return None if shapes & others or 0 in shapes else shapes
