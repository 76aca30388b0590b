"""The look through a TFLite file before an interpreter sees it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny_decoder
from extent import extent
from mutations import mutate
from places import GOLDEN
from tiny_decoder import looping_model, tiny_model

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.tflite.check import TfliteError, check_tflite
from ddsp_edge.tflite.schema import OPERATORS, TABLES, TENSOR_TYPES
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

KERAS_GRU = GOLDEN / "keras_gru.tflite"
schema = pytest.importorskip(
    "ai_edge_litert.schema_py_generated", reason="LiteRT has no wheel for this machine"
)


def _edit(model: bytes, change: Callable[[Any], None]) -> bytes:
    """The file with ``change`` made to its object tree."""
    flatbuffers = pytest.importorskip("flatbuffers")
    root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    change(root)
    builder = flatbuffers.Builder(4096)
    builder.Finish(root.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_good_file() -> None:
    model = check_tflite(tiny_model())
    assert list(model.inputs) == list(INPUT_NAMES)
    assert list(model.outputs) == list(OUTPUT_NAMES)
    sizes = (model.state_size, model.n_harmonics, model.n_noise)
    assert sizes == (tiny_decoder.STATE, tiny_decoder.HARMONICS, tiny_decoder.NOISE)
    assert not model.per_channel
    assert "FULLY_CONNECTED" in model.operators


def test_order_of_the_inputs_does_not_matter() -> None:
    assert check_tflite(tiny_model(reverse_inputs=True)).inputs.keys() == set(INPUT_NAMES)


def test_a_loop_as_tensorflow_writes_a_gru() -> None:
    assert check_tflite(looping_model()).operators[:2] == ("WHILE", "LESS")


def _set_tensor(called: str, /, **changes: Any) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for tensor in root.subgraphs[0].tensors:
            if tensor.name == called.encode():
                for key, value in changes.items():
                    setattr(tensor, key, value)

    return change


def _set_operator(place: int, **changes: Any) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for key, value in changes.items():
            setattr(root.subgraphs[0].operators[place], key, value)

    return change


def _set_root(**changes: Any) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for key, value in changes.items():
            setattr(root, key, value)

    return change


def _custom(root: Any) -> None:
    root.operatorCodes[0].builtinCode = 32
    root.operatorCodes[0].deprecatedBuiltinCode = 32
    root.operatorCodes[0].customCode = "FlexEverything"


def _call(root: Any) -> None:
    root.operatorCodes[0].builtinCode = root.operatorCodes[0].deprecatedBuiltinCode = 118  # IF


def _scales(root: Any) -> None:
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [0.1] * 4, [0] * 4
    root.subgraphs[0].tensors[0].quantization = quantization


def _far_buffer(root: Any) -> None:
    root.buffers[3].offset, root.buffers[3].size, root.buffers[3].data = 4096, 16, None


def _signature(root: Any) -> None:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = "x", 999
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.inputs, signature.outputs = "s", [entry], []
    root.signatureDefs = [signature]


def _constant_input(root: Any) -> None:
    tensors = root.subgraphs[0].tensors
    bias = next(tensor for tensor in tensors if tensor.name == b"body_bias")
    tensors[root.subgraphs[0].inputs[2]].buffer = bias.buffer


def _split_in_two(root: Any) -> None:
    split = next(o for o in root.subgraphs[0].operators if len(o.outputs) == 3)
    split.builtinOptions.numSplits = 2


BAD: dict[str, tuple[Callable[[Any], None], str]] = {
    "version": (_set_root(version=2), "version 2"),
    "no graph": (_set_root(subgraphs=[]), "0 subgraphs"),
    "custom operator": (_custom, "FlexEverything"),
    "control flow other than WHILE": (_call, "118"),
    "pitch of two": (_set_tensor(INPUT_NAMES[0], shape=[2]), r"\(2,\), not \(1,\)"),
    "state in two rows": (_set_tensor(INPUT_NAMES[2], shape=[2, 3]), "not one row"),
    "no harmonics": (_set_tensor(OUTPUT_NAMES[1], shape=[0]), "not one row"),
    "state of int8": (_set_tensor(INPUT_NAMES[2], type=9), "int8, not float32"),
    "state as a resource": (_set_tensor(INPUT_NAMES[2], type=13), "element type 13"),
    "other name": (_set_tensor(OUTPUT_NAMES[2], name="noise"), "noise"),
    "negative shape": (_set_tensor("x", shape=[-8]), "-8"),
    "huge tensor": (_set_tensor("x", shape=[1 << 30, 64]), "too large"),
    "nine dimensions": (_set_tensor("x", shape=[1] * 9), "dimensions"),
    "variable": (_set_tensor("x", isVariable=True), "variable"),
    "buffer that is not there": (_set_tensor("x", buffer=99), "buffer 99"),
    "weights of another size": (_set_tensor("body_bias", shape=[5]), "24 bytes"),
    "input that is a constant": (_constant_input, "input is a constant"),
    "operator code": (_set_operator(0, opcodeIndex=50), "operator code 50"),
    "reads what is not there": (_set_operator(1, inputs=[99, 4, 5]), "99"),
    "reads before written": (_set_operator(0, inputs=[16, 1, 2]), "before it is written"),
    "writes a constant": (_set_operator(2, outputs=[4]), "has a value"),
    "writes an input": (_set_operator(2, outputs=[0]), "has a value"),
    "leaves out what it needs": (_set_operator(0, inputs=[0, -1, 2]), "-1"),
    "split in two with three results": (_split_in_two, "num_splits 2 and has 3"),
    "too few inputs": (_set_operator(1, inputs=[3]), "FULLY_CONNECTED with 1 inputs"),
    "too many results": (_set_operator(2, outputs=[7, 8]), "TANH with 1 inputs and 2 outputs"),
    "no inputs": (_set_operator(0, inputs=[]), "0 inputs"),
    "options of another operator": (_set_operator(0, builtinOptionsType=8), "options of type 8"),
    "scales without a dimension": (_scales, "4 scales"),
    "weights outside": (_far_buffer, "outside the flatbuffer"),
    "signature": (_signature, "signature's tensor 999"),
    "metadata": (_set_root(metadataBuffer=[77]), "metadata buffer 77"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused_for_the_right_reason(case: str) -> None:
    change, words = BAD[case]
    with pytest.raises(TfliteError, match=words):
        check_tflite(_edit(tiny_model(), change))


def _loop_to(cond: int, body: int) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        options = root.subgraphs[0].operators[0].builtinOptions
        options.condSubgraphIndex, options.bodySubgraphIndex = cond, body

    return change


@pytest.mark.parametrize(
    ("cond", "body", "words"),
    [(0, 2, "circle"), (1, 1, "circle"), (1, 7, "subgraph 7"), (2, 1, "outputs")],
)
def test_loops_that_do_not_fit(cond: int, body: int, words: str) -> None:
    with pytest.raises(TfliteError, match=words):
        check_tflite(_edit(looping_model(), _loop_to(cond, body)))


def test_a_tensor_without_elements_may_be_read() -> None:
    """TensorFlow writes the shape of a scalar so: no bytes, and nobody writes it."""

    def change(root: Any) -> None:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = "shape of a scalar", [0], schema.TensorType.INT32
        graph = root.subgraphs[0]
        graph.tensors = [*graph.tensors, tensor]
        reshape = graph.operators[-1]
        reshape.inputs = [reshape.inputs[0], len(graph.tensors) - 1]

    assert check_tflite(_edit(tiny_model(), change)).operators[-1] == "RESHAPE"


def test_per_channel_weights_are_noticed() -> None:
    def change(root: Any) -> None:
        body = next(t for t in root.subgraphs[0].tensors if t.name == b"body")
        body.quantization = schema.QuantizationParametersT()
        body.quantization.scale = [0.1] * tiny_decoder.STATE
        body.quantization.zeroPoint = [0] * tiny_decoder.STATE

    assert check_tflite(_edit(tiny_model(), change)).per_channel


@pytest.mark.parametrize(
    "data",
    [b"", b"TFL3", b"\0\0\0\0TFL3", b"\x08\0\0\0TFL3" + bytes(64), b"PK\x03\x04" + bytes(50)],
)
def test_what_is_no_model(data: bytes) -> None:
    with pytest.raises(TfliteError):
        check_tflite(data)


def test_weights_that_unpack_to_another_size() -> None:
    b = tiny_decoder.GraphBuilder()
    graph = b.graph()
    packed = b.constant(graph, "packed", np.ones((4, 3)), "INT8")
    b.operator(graph, "DEQUANTIZE", [packed], [b.tensor(graph, "weights", (6, 3))])
    with pytest.raises(TfliteError, match="of weights of"):
        check_tflite(b.finish())


def test_every_truncation_is_refused() -> None:
    model = tiny_model()
    for size in range(len(model)):
        with pytest.raises(TfliteError):
            check_tflite(model[:size])


def test_thousands_of_damaged_files_give_an_answer_or_a_reason() -> None:
    rng = random.Random(20260101)
    bases = (tiny_model(), looping_model(), KERAS_GRU.read_bytes())
    refused = 0
    for _ in range(3000):
        try:
            check_tflite(mutate(rng.choice(bases), rng))
        except TfliteError:
            refused += 1
    assert 1500 < refused < 3000  # most damage is found; damage to weights is just other weights


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to survive a crash")
def test_damaged_files_that_pass_do_not_crash_the_interpreter() -> None:
    """60 (CI: 200), each played in a child; a loop that no longer ends is cut off, no crash."""
    rng = random.Random(7)
    bases = (tiny_model(), looping_model(), KERAS_GRU.read_bytes())
    played = 0
    while played < extent(60, 200):
        data = mutate(rng.choice(bases), rng)
        try:
            model = check_tflite(data)
        except TfliteError:
            continue
        if data in bases or not 2 <= model.n_noise <= 129:
            continue
        played += 1
        child = os.fork()
        if child == 0:
            _play_and_exit(data, model.state_size, model.n_harmonics, model.n_noise)
        _, status = os.waitpid(child, 0)
        fatal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        assert fatal in (0, signal.SIGALRM), f"signal {fatal}"


def _play_and_exit(data: bytes, state: int, harmonics: int, noise: int) -> None:
    signal.alarm(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        info = replace(tiny_decoder.INFO, state_size=state, n_harmonics=harmonics, n_noise=noise)
        decoder, out = Decoder(Bundle(info, data)), ControlFrame(harmonics, noise)
        for _ in range(3):
            decoder.step(FeatureFrame(0.0, 300.0, -20.0), out)
    except (UserError, ValueError):
        pass  # refused by the runtime, or sizes that no bundle may have
    finally:
        os._exit(0)


def test_the_tables_say_what_the_schema_says() -> None:
    """Our tables against the schema that LiteRT ships: types, operators, options."""
    assert all(
        getattr(schema.TensorType, name.upper()) == number
        for number, (name, _) in TENSOR_TYPES.items()
    )
    assert all(np.dtype(name).itemsize == width for name, width in TENSOR_TYPES.values())
    options = {
        number: name for name, number in vars(schema.BuiltinOptions).items() if name[0] != "_"
    }
    for code, (name, options_type, fields) in OPERATORS.items():
        assert getattr(schema.BuiltinOperator, name) == code
        if options_type:
            table = getattr(schema, options[options_type])
            for number, (field, _) in fields.items():
                _assert_field(table, number, field)
    for name, fields in TABLES.items():
        if not name.endswith(" options"):
            for number, (field, _) in fields.items():
                _assert_field(getattr(schema, name), number, field)


def _assert_field(table: Any, number: int, field: str) -> None:
    """``table``'s accessor of that name reads the slot of that number."""
    accessor = getattr(table, "".join(word.capitalize() for word in field.split("_")))
    assert 4 + 2 * number in accessor.__code__.co_consts, (table, field)
