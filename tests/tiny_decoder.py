"""A decoder small enough to be worked out by hand, written straight as a TFLite file.

No torch: it is made in milliseconds, so that reading, checking and playing can be tested with
hundreds of variants. ``reference_step`` says what it computes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import VST_KEYS, ModelInfo
from ddsp_edge.system.safe_zip import build_zip
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

STATE, HARMONICS, NOISE = 6, 5, 4
CARD = "# Tiny\n\nA test model.\n"
PREVIEW = b"OggS" + bytes(60)

INFO = ModelInfo(
    name="Tiny",
    profile="edge",
    sample_rate=48000,
    frame_rate=200.0,
    frame_size=240,
    n_harmonics=HARMONICS,
    n_noise=NOISE,
    state_size=STATE,
    quantization="none",
    licence="CC0 1.0",
    attribution="Made by the tests",
    attack_s=0.01,
    min_pitch_note=50.0,
    max_pitch_note=90.0,
    min_pitch_hz=146.8,
    max_pitch_hz=1480.0,
    min_loudness_db=-60.0,
    max_loudness_db=-10.0,
    version="0.1.0",
    export_time="2026-01-01T00:00:00+00:00",
)


@dataclass(frozen=True)
class Weights:
    """state' = tanh(body [x, state] + bias); outputs = exp(head state' + head_bias)."""

    body: np.ndarray
    body_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray


def weights(seed: int = 1, state: int = STATE, outputs: int = 1 + HARMONICS + NOISE) -> Weights:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.uniform(-0.7, 0.7, shape).astype(np.float32)

    return Weights(draw(state, 2 + state), draw(state), draw(outputs, state), draw(outputs))


def reference_step(w: Weights, f0_scaled: float, pw_scaled: float, state: np.ndarray) -> tuple:
    """(amplitude, harmonics, noise, state) in float64."""
    x = np.concatenate([[f0_scaled, pw_scaled], state])
    state = np.tanh(w.body @ x + w.body_bias)
    out = np.exp(w.head @ state + w.head_bias)
    return out[0], out[1 : 1 + HARMONICS], out[1 + HARMONICS :], state


class GraphBuilder:
    """TFLite's object API, as far as the tests need it."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes, self.model.subgraphs = [], []

    def graph(self) -> Any:
        graph = self.schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        self.model.subgraphs.append(graph)
        return graph

    def tensor(self, graph: Any, name: str, shape: tuple[int, ...], dtype: str = "FLOAT32") -> int:
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape = name, list(shape)
        tensor.type = getattr(self.schema.TensorType, dtype)
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def constant(self, graph: Any, name: str, values: Any, dtype: str = "FLOAT32") -> int:
        array = np.asarray(values, {"FLOAT32": "<f4", "INT32": "<i4", "INT8": "i1"}[dtype])
        index = self.tensor(graph, name, array.shape, dtype)
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def operator(
        self, graph: Any, name: str, inputs: list[int], outputs: list[int], **options: Any
    ) -> None:
        code = getattr(self.schema.BuiltinOperator, name)
        known = [c.builtinCode for c in self.model.operatorCodes]
        if code not in known:
            entry = self.schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
            self.model.operatorCodes.append(entry)
            known.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = known.index(code), inputs, outputs
        kind = "".join(word.capitalize() for word in name.split("_")) + "Options"
        if hasattr(self.schema, kind + "T"):
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, kind)
            operator.builtinOptions = getattr(self.schema, kind + "T")()
            for key, value in options.items():
                setattr(operator.builtinOptions, key, value)
        graph.operators.append(operator)

    def finish(self) -> bytes:
        import flatbuffers

        builder = flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _compute(
    b: GraphBuilder, graph: Any, w: Weights, inputs: list[int], noise: int = NOISE
) -> list[int]:
    """The decoder's operators; its four results."""
    state, outputs = w.body.shape[0], w.head.shape[0]
    harmonics = outputs - 1 - noise
    x = b.tensor(graph, "x", (2 + state,))
    b.operator(graph, "CONCATENATION", inputs, [x], axis=0)
    before = b.tensor(graph, "before", (1, state))
    body = [
        b.constant(graph, "body", w.body),
        b.constant(graph, "body_bias", w.body_bias),
    ]
    b.operator(graph, "FULLY_CONNECTED", [x, *body], [before])
    after = b.tensor(graph, "after", (1, state))
    b.operator(graph, "TANH", [before], [after])
    raw = b.tensor(graph, "raw", (1, outputs))
    head = [
        b.constant(graph, "head", w.head),
        b.constant(graph, "head_bias", w.head_bias),
    ]
    b.operator(graph, "FULLY_CONNECTED", [after, *head], [raw])
    power = b.tensor(graph, "power", (1, outputs))
    b.operator(graph, "EXP", [raw], [power])
    flat = b.tensor(graph, "flat", (outputs,))
    b.operator(graph, "RESHAPE", [power, b.constant(graph, "n", [outputs], "INT32")], [flat])
    results = [
        b.tensor(graph, OUTPUT_NAMES[0], (1,)),
        b.tensor(graph, OUTPUT_NAMES[1], (harmonics,)),
        b.tensor(graph, OUTPUT_NAMES[2], (noise,)),
        b.tensor(graph, OUTPUT_NAMES[3], (state,)),
    ]
    sizes = b.constant(graph, "sizes", [1, harmonics, noise], "INT32")
    axis = b.constant(graph, "axis", 0, "INT32")
    b.operator(graph, "SPLIT_V", [flat, sizes, axis], results[:3], numSplits=3)
    shape = b.constant(graph, "m", [state], "INT32")
    b.operator(graph, "RESHAPE", [after, shape], [results[3]])
    return results


def _ends(b: GraphBuilder, graph: Any, state: int) -> list[int]:
    return [
        b.tensor(graph, INPUT_NAMES[0], (1,)),
        b.tensor(graph, INPUT_NAMES[1], (1,)),
        b.tensor(graph, INPUT_NAMES[2], (state,)),
    ]


def sized_model(state: int, harmonics: int, noise: int, reverse_inputs: bool = False) -> bytes:
    """The same with other sizes, its weights small enough for a large state."""
    w = weights(1, state, 1 + harmonics + noise)
    small = Weights(0.05 * w.body, w.body_bias, 0.05 * w.head, w.head_bias)
    return tiny_model(small, reverse_inputs, noise)


def tiny_model(w: Weights | None = None, reverse_inputs: bool = False, noise: int = NOISE) -> bytes:
    """A TFLite file with the contract's names; ``reverse_inputs`` lists them the other way."""
    w = w or weights()
    b = GraphBuilder()
    graph = b.graph()
    inputs = _ends(b, graph, w.body.shape[0])
    graph.outputs = _compute(b, graph, w, inputs, noise)
    graph.inputs = inputs[::-1] if reverse_inputs else inputs
    return b.finish()


def looping_model(w: Weights | None = None, turns: int = 1) -> bytes:
    """The same decoder inside a WHILE, as TensorFlow writes a Keras GRU: three subgraphs."""
    w = w or weights()
    state, harmonics = w.body.shape[0], w.head.shape[0] - 1 - NOISE
    shapes = [(1,), (1,), (state,), (1,), (harmonics,), (NOISE,)]
    b = GraphBuilder()
    main, condition, body = b.graph(), b.graph(), b.graph()

    main.inputs = _ends(b, main, state)
    start = [b.constant(main, "zero", [0], "INT32"), *main.inputs]
    start += [b.constant(main, f"start{i}", np.zeros(s)) for i, s in enumerate(shapes[3:])]
    done = [b.tensor(main, "count", (1,), "INT32")]
    names = ["f0", "pw", OUTPUT_NAMES[3], *OUTPUT_NAMES[:3]]
    done += [b.tensor(main, name, shape) for name, shape in zip(names, shapes, strict=True)]
    loop = {"condSubgraphIndex": 1, "bodySubgraphIndex": 2}
    b.operator(main, "WHILE", start, done, **loop)
    main.outputs = [*done[4:], done[3]]

    for graph in (condition, body):
        graph.inputs = [b.tensor(graph, "i", (1,), "INT32")]
        graph.inputs += [b.tensor(graph, f"v{i}", shape) for i, shape in enumerate(shapes)]
    more = b.tensor(condition, "more", (1,), "BOOL")
    turns_index = b.constant(condition, "turns", [turns], "INT32")
    b.operator(condition, "LESS", [condition.inputs[0], turns_index], [more])
    condition.outputs = [more]
    results = _compute(b, body, w, list(body.inputs[1:4]))
    following = b.tensor(body, "next", (1,), "INT32")
    b.operator(body, "ADD", [body.inputs[0], b.constant(body, "one", [1], "INT32")], [following])
    body.outputs = [following, *body.inputs[1:3], results[3], *results[:3]]
    return b.finish()


def tiny_bundle(w: Weights | None = None, **changes: Any) -> Bundle:
    """In memory, never written; ``changes`` go into its metadata."""
    return Bundle(replace(INFO, **changes), tiny_model(w), CARD, PREVIEW)


def vst_file(model: bytes | None = None, **changes: Any) -> bytes:
    """A DDSP-VST file: the model, and behind it a zip with metadata.json."""
    said = {key: INFO.as_json()[key] for key in VST_KEYS}
    said |= {"sample_rate": 16000, "frame_rate": 50, "frame_size": 1024, **changes}
    model = tiny_model() if model is None else model
    return build_zip({"metadata.json": json.dumps(said).encode()}, behind=model)
