"""A decoder's file as a graph of operators, for matching it with a known network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ddsp_edge.tflite.flatbuffer import FlatbufferError, Reader
from ddsp_edge.tflite.schema import OPERATORS, TABLES, TENSOR_TYPES

_NO_ACTIVATION, _RELU = 0, 1


class UnknownGraphError(ValueError):
    """A graph is not as the exporter writes it; the message is one line."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, its tensors given by their indices."""

    name: str
    inputs: tuple[int, ...]
    output: int
    options: dict[str, Any]

    @property
    def activation(self) -> int:
        """Return the fused activation: 0 is none, 1 is RELU."""
        return int(self.options.get("fused_activation_function", _NO_ACTIVATION))


class Graph:
    """The only subgraph of a file that passed :func:`ddsp_edge.tflite.check.check_tflite`.

    Operators are looked up by what they write; each that is looked up counts as understood.
    Raises UnknownGraphError.
    """

    def __init__(self, model: bytes) -> None:
        reader = Reader(model, TABLES)
        try:
            root = reader.root("Model")
            graphs = root.get("subgraphs", [])
            if len(graphs) != 1:
                raise UnknownGraphError(f"it has {len(graphs)} subgraphs")
            self._tensors = graphs[0].get("tensors", [])
            self._buffers = [b.get("data", ()) for b in root.get("buffers", [])]
            self._read = [self._operator(reader, root, o) for o in graphs[0].get("operators", [])]
            self.inputs = [int(i) for i in graphs[0].get("inputs", ())]
            self.outputs = [int(i) for i in graphs[0].get("outputs", ())]
        except (FlatbufferError, KeyError, IndexError) as error:
            raise UnknownGraphError(f"it cannot be read ({error})") from None
        self._writers = {o.output: o for o in self._read}
        self._understood: set[int] = set()

    def _operator(self, reader: Reader, root: dict[str, Any], table: dict[str, Any]) -> Operator:
        code = root["operator_codes"][table.get("opcode_index", 0)]
        builtin = max(code.get("deprecated_builtin_code", 0), code.get("builtin_code", 0))
        name = OPERATORS[builtin][0]
        outputs = table.get("outputs", ())
        if len(outputs) != 1:
            raise UnknownGraphError(f"{name} writes {len(outputs)} tensors")
        options = table.get("builtin_options")
        found = reader.table(f"{name} options", options) if options is not None else {}
        return Operator(name, tuple(int(i) for i in table["inputs"]), int(outputs[0]), found)

    def name(self, tensor: int) -> str:
        return str(self._tensors[tensor].get("name", ""))

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self._tensors[tensor].get("shape", ()))

    def writer(self, tensor: int, *names: str, activation: int = _NO_ACTIVATION) -> Operator:
        """The operator that writes a tensor, which must be one of ``names``."""
        found = self._writers.get(tensor)
        if found is None or found.name not in names:
            what = found.name if found else "an input or a constant"
            raise UnknownGraphError(
                f"{self.name(tensor)!r} comes from {what}, not from {' or '.join(names)}"
            )
        if found.activation != activation:
            raise UnknownGraphError(f"{found.name} has the activation {found.activation}")
        self._understood.add(tensor)
        return found

    def is_written_by(self, tensor: int, name: str) -> bool:
        found = self._writers.get(tensor)
        return found is not None and found.name == name

    def constant(self, tensor: int) -> np.ndarray:
        """A constant as float32: weights of fewer bits are unpacked as the runtimes do."""
        found = self._writers.get(tensor)
        if found is not None:
            return self._unpacked(self.writer(tensor, "DEQUANTIZE").inputs[0])
        if self._kind(tensor) != "float32":
            raise UnknownGraphError(f"{self.name(tensor)!r} is {self._kind(tensor)}, not float32")
        return self._content(tensor)

    def is_constant(self, tensor: int) -> bool:
        return bool(len(self._buffers[self._tensors[tensor].get("buffer", 0)]))

    def number(self, tensor: int) -> float:
        """Return a constant that is one number. Raises UnknownGraphError."""
        content = self.constant(tensor)
        if content.size != 1:
            raise UnknownGraphError(f"{self.name(tensor)!r} has {content.size} numbers, not one")
        return float(content.reshape(-1)[0])

    def whole_numbers(self, tensor: int) -> tuple[int, ...]:
        """Return a constant of type int32. Raises UnknownGraphError."""
        if self._kind(tensor) != "int32":
            raise UnknownGraphError(f"{self.name(tensor)!r} is {self._kind(tensor)}, not int32")
        return tuple(int(n) for n in self._content(tensor).reshape(-1))

    def with_number(self, operator: Operator) -> tuple[int, float]:
        """Of an operator whose order does not matter: the other input and the constant."""
        a, b = operator.inputs
        if self.is_constant(a):
            a, b = b, a
        return a, self.number(b)

    def check_understood(self) -> None:
        """Raise UnknownGraphError where an operator has not been read as part of the network."""
        left = [o.name for o in self._read if o.output not in self._understood]
        if left:
            raise UnknownGraphError(f"{left[0]} has no place in the network")

    def _kind(self, tensor: int) -> str:
        return TENSOR_TYPES[self._tensors[tensor].get("type", 0)][0]

    def _content(self, tensor: int) -> np.ndarray:
        data = self._buffers[self._tensors[tensor].get("buffer", 0)]
        if not len(data):
            raise UnknownGraphError(f"{self.name(tensor)!r} is not a constant")
        kind, shape = self._kind(tensor), self.shape(tensor)
        return np.frombuffer(bytes(data), np.dtype(kind).newbyteorder("<")).reshape(shape)

    def _unpacked(self, tensor: int) -> np.ndarray:
        content, kind = self._content(tensor), self._kind(tensor)
        if kind == "float16":
            return content.astype(np.float32)
        quantization = self._tensors[tensor].get("quantization", {})
        scales, zeros = quantization.get("scale", ()), quantization.get("zero_point", ())
        if kind != "int8" or len(scales) != 1 or len(zeros) != 1:
            raise UnknownGraphError(f"{self.name(tensor)!r} is {kind} with {len(scales)} scales")
        return (content.astype(np.float32) - np.float32(zeros[0])) * np.float32(scales[0])
