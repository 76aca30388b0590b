"""A TFLite file is looked through here before any interpreter sees it.

The interpreters trust their input: a bad index or offset in a file is a read or write outside
memory. So every table, index, type and size is checked, only operators that compute pass, and
no shape, index or loop may depend on what is played (:mod:`ddsp_edge.tflite.dataflow`).
What cannot be seen from outside (an operator whose parameters do not fit together, a loop
without end) is left to the interpreter's own checks and to the trial in a process of its own
(:mod:`ddsp_edge.library.sandbox`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ddsp_edge.tflite.dataflow import DataflowError, Step, Subgraph, check_dataflow
from ddsp_edge.tflite.flatbuffer import FlatbufferError, Reader
from ddsp_edge.tflite.schema import (
    INPUTS,
    OPERATORS,
    OUTPUTS,
    TABLES,
    TENSOR_TYPES,
    WHILE,
)
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

MAX_SUBGRAPHS = 16
MAX_TENSOR_BYTES = 64 * 1024 * 1024  #: of all tensors that are not weights, together
MAX_DIMENSIONS = 8


class TfliteError(ValueError):
    """What is wrong with a TFLite file; the bundle reader adds the file's name."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the file: name, shape and type."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    n_bytes: int
    constant: bool
    n_scales: int  #: quantization scales: 0 none, 1 per tensor, more per channel

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """The result of checking a TFLite file."""

    inputs: dict[str, Tensor]  #: of the whole model, by name
    outputs: dict[str, Tensor]
    operators: tuple[str, ...]  #: in order, of all subgraphs
    per_channel: bool  #: integer weights with more than one scale
    weight_types: frozenset[str]

    @property
    def state_size(self) -> int:
        return self.inputs[INPUT_NAMES[2]].size

    @property
    def n_harmonics(self) -> int:
        return self.outputs[OUTPUT_NAMES[1]].size

    @property
    def n_noise(self) -> int:
        return self.outputs[OUTPUT_NAMES[2]].size


def check_tflite(data: bytes) -> TfliteModel:
    """Check a file. Raises TfliteError where it is not a decoder that can be trusted."""
    if data[4:8] != b"TFL3":
        raise TfliteError("it is not a TFLite model (no TFL3 mark)")
    try:
        return _check(Reader(data, TABLES))
    except FlatbufferError as error:
        raise TfliteError(f"the TFLite file is damaged: {error}") from None


def _check(reader: Reader) -> TfliteModel:
    model = reader.root("Model")
    if model.get("version") != 3:
        raise TfliteError(f"TFLite schema version {model.get('version')}, not 3")
    graphs, buffers = model.get("subgraphs", []), model.get("buffers", [])
    if not 1 <= len(graphs) <= MAX_SUBGRAPHS:
        raise TfliteError(f"{len(graphs)} subgraphs, not 1 to {MAX_SUBGRAPHS}")
    for buffer in buffers:
        if buffer.get("offset", 0) or buffer.get("size", 0):
            raise TfliteError("weights outside the flatbuffer are not supported")
    for index in model.get("metadata_buffer", ()):
        _index(index, len(buffers), "metadata buffer")
    for entry in model.get("metadata", []):
        _index(entry.get("buffer", 0), len(buffers), "metadata buffer")
    codes = [_builtin_code(code) for code in model.get("operator_codes", [])]
    tensors = [[_tensor(t, buffers) for t in graph.get("tensors", [])] for graph in graphs]
    _check_signatures(model, tensors)
    if sum(t.n_bytes for group in tensors for t in group if not t.constant) > MAX_TENSOR_BYTES:
        raise TfliteError(f"its tensors need more than {MAX_TENSOR_BYTES >> 20} MiB")
    called: set[int] = set()
    checked = [
        _check_graph(reader, number, graphs, tensors[number], codes, called)
        for number in range(len(graphs))
    ]
    try:
        check_dataflow(checked)
    except DataflowError as error:
        raise TfliteError(f"{error}, which no decoder needs") from None
    everything = [t for group in tensors for t in group]
    return TfliteModel(
        _ends(graphs[0], tensors[0], "inputs", INPUT_NAMES),
        _ends(graphs[0], tensors[0], "outputs", OUTPUT_NAMES),
        tuple(step.name for graph in checked for step in graph.steps),
        any(t.n_scales > 1 and t.constant for t in everything),
        frozenset(t.dtype for t in everything if t.constant and t.size > 1),
    )


def _index(value: Any, count: int, what: str) -> int:
    if not 0 <= value < count:
        raise TfliteError(f"{what} {value} of {count}")
    return int(value)


def _builtin_code(code: dict[str, Any]) -> int:
    # Files older than 2020 hold the code in the deprecated byte only; newer ones hold the
    # larger of both, as TFLite itself reads it.
    builtin = max(code.get("deprecated_builtin_code", 0), code.get("builtin_code", 0))
    if builtin not in OPERATORS or code.get("custom_code"):
        name = f"custom operator {code['custom_code']!r}" if code.get("custom_code") else builtin
        raise TfliteError(f"operator {name} is not one that decoders need")
    return builtin


def _tensor(table: dict[str, Any], buffers: list[dict[str, Any]]) -> Tensor:
    name = table.get("name", "")
    kind = table.get("type", 0)
    if kind not in TENSOR_TYPES:
        raise TfliteError(f"tensor {name!r} has element type {kind}, which decoders do not need")
    dtype, width = TENSOR_TYPES[kind]
    shape = tuple(int(n) for n in table.get("shape", ())[: MAX_DIMENSIONS + 1])
    signature = table.get("shape_signature", ())
    if len(shape) > MAX_DIMENSIONS or len(signature) not in (0, len(shape)):
        raise TfliteError(f"tensor {name!r} has more than {MAX_DIMENSIONS} dimensions")
    if any(n < 0 for n in shape) or any(n < -1 for n in signature):
        raise TfliteError(f"tensor {name!r} has the shape {shape}")
    if table.get("is_variable", False):
        raise TfliteError(f"tensor {name!r} is a variable: a decoder's state is an input")
    n_bytes = math.prod(shape) * width
    if n_bytes > MAX_TENSOR_BYTES:
        raise TfliteError(f"tensor {name!r} has the shape {shape}: too large")
    content = buffers[_index(table.get("buffer", 0), len(buffers), "buffer")].get("data", ())
    if len(content) not in (0, n_bytes):
        raise TfliteError(f"tensor {name!r} has {len(content)} bytes, its shape {n_bytes}")
    return Tensor(name, shape, dtype, n_bytes, len(content) > 0, _n_scales(table, name, shape))


def _n_scales(table: dict[str, Any], name: str, shape: tuple[int, ...]) -> int:
    quantization = table.get("quantization", {})
    if quantization.get("details_type", 0):
        raise TfliteError(f"tensor {name!r} has a quantization that decoders do not need")
    scales, zeros = quantization.get("scale", ()), quantization.get("zero_point", ())
    axis = quantization.get("quantized_dimension", 0)
    if len(scales) > 1 and (not 0 <= axis < len(shape) or shape[axis] != len(scales)):
        raise TfliteError(f"tensor {name!r} has {len(scales)} scales along dimension {axis}")
    if len(zeros) not in (0, 1, len(scales)) or (len(scales) and not len(zeros)):
        raise TfliteError(f"tensor {name!r} has {len(scales)} scales and {len(zeros)} offsets")
    return len(scales)


def _check_signatures(model: dict[str, Any], tensors: list[list[Tensor]]) -> None:
    for signature in model.get("signature_defs", []):
        graph = _index(signature.get("subgraph_index", 0), len(tensors), "signature's subgraph")
        for entry in (*signature.get("inputs", []), *signature.get("outputs", [])):
            _index(entry.get("tensor_index", 0), len(tensors[graph]), "signature's tensor")


def _check_graph(
    reader: Reader,
    number: int,
    graphs: list[dict[str, Any]],
    tensors: list[Tensor],
    codes: list[int],
    called: set[int],
) -> Subgraph:
    """Check that each operator reads what is written and writes once; return the operators."""
    graph = graphs[number]
    steps: list[Step] = []
    inputs = [_index(i, len(tensors), "input tensor") for i in graph.get("inputs", ())]
    known = {i for i, tensor in enumerate(tensors) if tensor.constant}
    if known & set(inputs) or len(set(inputs)) != len(inputs):
        raise TfliteError("an input is a constant or named twice")
    known.update(inputs)
    for operator in graph.get("operators", []):
        code = codes[_index(operator.get("opcode_index", 0), len(codes), "operator code")]
        name, options_type, _ = OPERATORS[code]
        reads, writes = operator.get("inputs", ()), operator.get("outputs", ())
        fewest, most = INPUTS[name]
        if not fewest <= len(reads) <= most or not 1 <= len(writes) <= OUTPUTS.get(name, 1):
            raise TfliteError(f"{name} with {len(reads)} inputs and {len(writes)} outputs")
        if len(operator.get("intermediates", ())) or any(
            operator.get("mutating_variable_inputs", ())
        ):
            raise TfliteError(f"{name} with a state of its own")
        for place, i in enumerate(reads):
            # -1 is an input left out. Only a bias may be: the runtimes follow any other to a
            # null pointer.
            if i == -1 and name == "FULLY_CONNECTED" and place >= 2:
                continue
            # A tensor without elements (the shape of a scalar) has a value without any bytes.
            if tensors[_index(i, len(tensors), f"{name} reads tensor")].n_bytes == 0:
                continue
            if i not in known:
                raise TfliteError(f"{name} reads {tensors[i].name!r} before it is written")
        for i in writes:
            if _index(i, len(tensors), f"{name} writes tensor") in known:
                raise TfliteError(f"{name} writes {tensors[i].name!r}, which has a value")
            known.add(int(i))
        source, target = tensors[reads[0]], tensors[writes[0]]
        if name == "DEQUANTIZE" and source.constant and source.size != target.size:
            # XNNPACK unpacks weights by the one size into room of the other.
            raise TfliteError(f"DEQUANTIZE makes {target.shape} of weights of {source.shape}")
        options = _options(reader, operator, name, options_type)
        _check_counts(name, options, len(reads), len(writes))
        if code == WHILE:
            _check_loop(number, graphs, options, len(reads), len(writes), called)
        steps.append(
            Step(
                name,
                tuple(int(i) for i in reads),
                tuple(int(i) for i in writes),
                options.get("cond_subgraph_index", 0),
                options.get("body_subgraph_index", 0),
            )
        )
    for i in graph.get("outputs", ()):
        if _index(i, len(tensors), "output tensor") not in known:
            raise TfliteError(f"output {tensors[i].name!r} is never written")
    return Subgraph(tuple(inputs), tuple(int(i) for i in graph.get("outputs", ())), steps)


def _options(
    reader: Reader, operator: dict[str, Any], name: str, options_type: int
) -> dict[str, Any]:
    given = operator.get("builtin_options_type", 0)
    if ("builtin_options" in operator) != (given != 0) or given not in (0, options_type):
        raise TfliteError(f"{name} has options of type {given}, not {options_type}")
    if given == 0:
        return {}
    return reader.table(f"{name} options", operator["builtin_options"])


def _check_counts(name: str, options: dict[str, Any], n_inputs: int, n_outputs: int) -> None:
    """Check options that repeat a count of tensors: the runtimes rely on them."""
    for key, operators, count in (
        ("num_splits", ("SPLIT", "SPLIT_V"), n_outputs),
        ("num", ("UNPACK",), n_outputs),
        ("values_count", ("PACK",), n_inputs),
    ):
        if name in operators and options.get(key, 0) != count:
            raise TfliteError(f"{name} says {key} {options.get(key, 0)} and has {count}")


def _check_loop(
    number: int,
    graphs: list[dict[str, Any]],
    options: dict[str, Any],
    n_inputs: int,
    n_outputs: int,
    called: set[int],
) -> None:
    """Check that condition and body are later subgraphs, used by this loop alone, and fit it."""
    for key, n_results in (("cond_subgraph_index", 1), ("body_subgraph_index", n_outputs)):
        index = _index(options.get(key, 0), len(graphs), "WHILE's subgraph")
        if index <= number or index in called:
            raise TfliteError(f"WHILE in subgraph {number} calls subgraph {index}: a circle")
        called.add(index)
        takes, gives = len(graphs[index].get("inputs", ())), len(graphs[index].get("outputs", ()))
        if (takes, gives, n_outputs) != (n_inputs, n_results, n_inputs):
            raise TfliteError(f"WHILE's subgraph {index} has {takes} inputs, {gives} outputs")


def _ends(
    graph: dict[str, Any], tensors: list[Tensor], which: str, names: tuple[str, ...]
) -> dict[str, Tensor]:
    """The model's inputs or outputs by name, in the order of ``names``."""
    found = {tensors[i].name: tensors[i] for i in graph.get(which, ())}
    if set(found) != set(names) or len(graph.get(which, ())) != len(names):
        have = ", ".join(sorted(found)[:8]) or "none"
        raise TfliteError(f"its {which} are {have}; a decoder has {', '.join(names)}")
    for name in names:
        if found[name].dtype != "float32":
            raise TfliteError(f"{name} is {found[name].dtype}, not float32")
        if not found[name].shape:
            raise TfliteError(f"{name} is a single number of rank 0, not a row of numbers")
        long = [n for n in found[name].shape if n != 1]
        if len(long) > 1 or found[name].size == 0:
            raise TfliteError(f"{name} has the shape {found[name].shape}, not one row of numbers")
    ones = names[:2] if which == "inputs" else names[:1]
    for name in ones:
        if found[name].size != 1:
            raise TfliteError(f"{name} has the shape {found[name].shape}, not (1,)")
    return {name: found[name] for name in names}
