"""Quantization: smaller files, scales per tensor, tiny layers left alone."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Exports
from tiny_decoder import tiny_model

from ddsp_edge.errors import UserError
from ddsp_edge.tflite.check import check_tflite
from ddsp_edge.training.export.quantization import MIN_WEIGHTS, quantize


def test_quantization_none_leaves_the_file_unchanged() -> None:
    model = tiny_model()
    assert quantize(model, "none") is model


@pytest.mark.parametrize(("quantization", "arithmetic"), [("int4", "float"), ("int8", "float16")])
def test_unknown_choices(quantization: str, arithmetic: str) -> None:
    with pytest.raises(UserError, match="choose one of int8, float16, none"):
        quantize(tiny_model(), quantization, arithmetic)


@pytest.mark.parametrize(
    ("quantization", "arithmetic", "most"),
    [("float16", "float", 0.56), ("int8", "float", 0.36), ("int8", "int8", 0.36)],
)
def test_files_are_smaller_and_scales_per_tensor(
    exports: Exports, quantization: str, arithmetic: str, most: float
) -> None:
    plain, small = exports("edge").model, exports("edge", quantization, arithmetic).model
    assert len(small) < most * len(plain)
    model = check_tflite(small)
    assert not model.per_channel
    assert quantization in model.weight_types
    # "float" unpacks at load, "int8" computes with the packed weights.
    assert ("DEQUANTIZE" in model.operators) == (arithmetic == "float")


def test_layers_with_few_weights_stay_float(exports: Exports) -> None:
    """The first layer sees pitch and loudness: rounding its input would turn glides into steps."""
    from ai_edge_litert import schema_py_generated as schema

    model = exports("edge", "int8", "int8").model
    root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    sizes = {
        tensor.type: []  # by element type
        for tensor in root.subgraphs[0].tensors
    }
    for tensor in root.subgraphs[0].tensors:
        if root.buffers[tensor.buffer].data is not None and len(tensor.shape) == 2:
            sizes[tensor.type].append(int(np.prod(tensor.shape)))
    assert min(sizes[schema.TensorType.INT8]) >= MIN_WEIGHTS
    assert max(sizes[schema.TensorType.FLOAT32]) < MIN_WEIGHTS
