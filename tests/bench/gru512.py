"""DDSP-VST's network as a TFLite file with random weights: what its size costs, whatever it plays.

Stacks of 256 for pitch and loudness, a GRU of 512, a stack of 256, one dense layer for all
controls (Engel et al., "DDSP", ICLR 2020; DDSP-VST's sizes); float32. Layer norms are left out,
which favours the peer. Needs no torch.
"""

from __future__ import annotations

import numpy as np
from tiny_decoder import GraphBuilder

from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

STACK, STATE, HARMONICS, NOISE = 256, 512, 60, 65


def gru512() -> bytes:
    """A TFLite file with the names of a DDSP-VST model; 2.0 million parameters."""
    b, rng = GraphBuilder(), np.random.default_rng(1)
    graph = b.graph()

    def dense(x: int, n_in: int, n_out: int, name: str) -> int:
        kernel = b.constant(graph, f"{name}.w", rng.normal(0, n_in**-0.5, (n_out, n_in)))
        bias = b.constant(graph, f"{name}.b", np.zeros(n_out))
        out = b.tensor(graph, name, (1, n_out))
        b.operator(graph, "FULLY_CONNECTED", [x, kernel, bias], [out])
        return out

    def of(kind: str, name: str, size: int, *inputs: int) -> int:
        out = b.tensor(graph, name, (1, size))
        b.operator(graph, kind, list(inputs), [out])
        return out

    def split(x: int, name: str, sizes: list[int], shapes: list[tuple[int, ...]]) -> list[int]:
        parts = [b.tensor(graph, f"{name}{i}", shape) for i, shape in enumerate(shapes)]
        axis = b.constant(graph, f"{name}.axis", len(shapes[0]) - 1, "INT32")
        how = b.constant(graph, f"{name}.sizes", sizes, "INT32")
        b.operator(graph, "SPLIT_V", [x, how, axis], parts, numSplits=len(sizes))
        return parts

    f0, pw = b.tensor(graph, INPUT_NAMES[0], (1,)), b.tensor(graph, INPUT_NAMES[1], (1,))
    state = b.tensor(graph, INPUT_NAMES[2], (STATE,))
    graph.inputs = [f0, pw, state]
    row = b.constant(graph, "row", [1, 1], "INT32")
    wide = b.constant(graph, "wide", [1, STATE], "INT32")
    flat = [b.tensor(graph, name, (1, 1)) for name in ("f0", "pw")]
    for source, target in zip((f0, pw), flat, strict=True):
        b.operator(graph, "RESHAPE", [source, row], [target])
    before = b.tensor(graph, "before", (1, STATE))
    b.operator(graph, "RESHAPE", [state, wide], [before])
    stacks = [
        of("TANH", f"{n}.out", STACK, dense(x, 1, STACK, n))
        for n, x in zip(("pitch", "loudness"), flat, strict=True)
    ]
    both = b.tensor(graph, "both", (1, 2 * STACK))
    b.operator(graph, "CONCATENATION", stacks, [both], axis=1)
    shapes: list[tuple[int, ...]] = [(1, STATE)] * 3
    gates = [STATE] * 3
    xr, xz, xn = split(dense(both, 2 * STACK, 3 * STATE, "from_input"), "x", gates, shapes)
    hr, hz, hn = split(dense(before, STATE, 3 * STATE, "from_state"), "h", gates, shapes)
    reset = of("LOGISTIC", "reset", STATE, of("ADD", "r", STATE, xr, hr))
    update = of("LOGISTIC", "update", STATE, of("ADD", "z", STATE, xz, hz))
    new = of("TANH", "new", STATE, of("ADD", "n", STATE, xn, of("MUL", "rn", STATE, reset, hn)))
    change = of("MUL", "change", STATE, update, of("SUB", "less", STATE, before, new))
    after = of("ADD", "after", STATE, new, change)
    last = of("TANH", "stack.out", STACK, dense(after, STATE, STACK, "stack"))
    total = 1 + HARMONICS + NOISE
    raw = of("LOGISTIC", "controls", total, dense(last, STACK, total, "head"))
    line = b.tensor(graph, "line", (total,))
    b.operator(graph, "RESHAPE", [raw, b.constant(graph, "n1", [total], "INT32")], [line])
    sizes = [1, HARMONICS, NOISE]
    outs = [b.tensor(graph, n, (s,)) for n, s in zip(OUTPUT_NAMES, sizes, strict=False)]
    how, axis = b.constant(graph, "sizes", sizes, "INT32"), b.constant(graph, "axis0", 0, "INT32")
    b.operator(graph, "SPLIT_V", [line, how, axis], list(outs), numSplits=3)
    outs.append(b.tensor(graph, OUTPUT_NAMES[3], (STATE,)))
    size = b.constant(graph, "n2", [STATE], "INT32")
    b.operator(graph, "RESHAPE", [after, size], [outs[3]])
    graph.outputs = outs
    return b.finish()
