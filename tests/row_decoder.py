"""The tiny decoder as our exporter writes one: every tensor has a first dimension for its rows.

(`tiny_decoder` joins and cuts flat tensors, as others may: its rows cannot be told apart.)
"""

from __future__ import annotations

from dataclasses import replace

from tiny_decoder import HARMONICS, NOISE, GraphBuilder, Weights, _ends, tiny_bundle, weights

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.tflite.signature import OUTPUT_NAMES


def row_model(w: Weights | None = None) -> bytes:
    """What ``reference_step`` says, from layers that are fed and read row by row."""
    w = w or weights()
    state = w.body.shape[0]
    b = GraphBuilder()
    graph = b.graph()
    graph.inputs = _ends(b, graph, state)
    flat = []
    for index, size in zip(graph.inputs, (1, 1, state), strict=True):
        row = b.tensor(graph, f"row{index}", (1, size))
        shape = b.constant(graph, f"shape{index}", [1, size], "INT32")
        b.operator(graph, "RESHAPE", [index, shape], [row])
        flat.append(row)
    x = b.tensor(graph, "x", (1, 2 + state))
    b.operator(graph, "CONCATENATION", flat, [x], axis=1)

    def layer(name: str, source: int, matrix: object, bias: object, size: int, then: str) -> int:
        raw = b.tensor(graph, f"{name}_raw", (1, size))
        constants = [
            b.constant(graph, f"{name}_w", matrix),
            b.constant(graph, f"{name}_b", bias),
        ]
        b.operator(graph, "FULLY_CONNECTED", [source, *constants], [raw])
        done = b.tensor(graph, name, (1, size))
        b.operator(graph, then, [raw], [done])
        return done

    after = layer("after", x, w.body, w.body_bias, state, "TANH")
    results, at = [], 0
    for i, size in enumerate((1, HARMONICS, NOISE)):
        rows = slice(at, at + size)
        results.append(layer(f"head{i}", after, w.head[rows], w.head_bias[rows], size, "EXP"))
        at += size
    graph.outputs = []
    for name, index, size in zip(
        OUTPUT_NAMES, [*results, after], (1, HARMONICS, NOISE, state), strict=True
    ):
        end = b.tensor(graph, name, (size,))
        shape = b.constant(graph, f"flat{index}", [size], "INT32")
        b.operator(graph, "RESHAPE", [index, shape], [end])
        graph.outputs.append(end)
    return b.finish()


def row_bundle(w: Weights | None = None) -> Bundle:
    """In memory, never written."""
    return replace(tiny_bundle(), model=row_model(w))
