"""Smaller weights for an exported decoder, through ai-edge-quantizer."""

from __future__ import annotations

import contextlib
import io

from ddsp_edge.errors import UserError

#: "none" keeps float32 weights.
QUANTIZATIONS = ("int8", "float16", "none")
#: "float" unpacks int8 weights once, at load, and computes in float32: exact features and the
#: faster way under tflite-runtime. "int8" also rounds each layer's input to 8 bits in every
#: frame: three times faster than float on LiteRT for a GRU of 512, slower under tflite-runtime.
ARITHMETICS = ("float", "int8")
#: Layers with fewer weights stay float32: they are tiny, and the first one (pitch and loudness
#: in) would turn a glide into steps if its input were rounded to 8 bits.
MIN_WEIGHTS = 1024


def check_kind(quantization: str, arithmetic: str) -> None:
    """Raise UserError, naming the choices, where one of the two is none of its kinds."""
    if quantization not in QUANTIZATIONS or arithmetic not in ARITHMETICS:
        raise UserError(
            f"quantization {quantization!r} with {arithmetic!r} arithmetic: choose one of "
            f"{', '.join(QUANTIZATIONS)} and one of {', '.join(ARITHMETICS)}"
        )


def quantize(model: bytes, quantization: str, arithmetic: str = "float") -> bytes:
    """TFLite model with float32 weights to one with ``quantization`` weights.

    int8 scales are per tensor: a runtime older than LiteRT takes the quantizer's usual
    per-channel scales for a single one and is silently wrong. Raises UserError.
    """
    check_kind(quantization, arithmetic)
    if quantization == "none":
        return model
    try:
        from ai_edge_quantizer import quantizer
    except ImportError as error:
        raise UserError(f"{error}; install it with: pip install 'ddsp-edge[train]'") from None
    int8 = quantization == "int8"
    integer = int8 and arithmetic == "int8"
    recipe = {
        "regex": ".*",
        "operation": "FULLY_CONNECTED",
        "algorithm_key": "min_max_uniform_quantize" if int8 else "float_casting",
        "op_config": {
            "weight_tensor_config": {
                "num_bits": 8 if int8 else 16,
                "symmetric": True,
                "granularity": "TENSORWISE",
                "dtype": "INT" if int8 else "FLOAT",
            },
            "compute_precision": "INTEGER" if integer else "FLOAT",
            "explicit_dequantize": not integer,
            "skip_checks": False,
            "min_weight_elements": MIN_WEIGHTS if int8 else 0,
        },
    }
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a report of its own
        result = quantizer.Quantizer(bytearray(model), [recipe]).quantize()
    if result.quantized_model is None:
        raise RuntimeError("ai-edge-quantizer returned no model")
    return bytes(result.quantized_model)
