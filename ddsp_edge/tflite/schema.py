"""The part of TFLite's schema that decoders need, as data: tables, types, operators.

Source: tensorflow/lite/schema/schema.fbs, version 3. What is not here is refused.
"""

from __future__ import annotations

from ddsp_edge.tflite.flatbuffer import Schema

#: TensorType to (name, bytes per element).
TENSOR_TYPES = {
    0: ("float32", 4),
    1: ("float16", 2),
    2: ("int32", 4),
    3: ("uint8", 1),
    4: ("int64", 8),
    6: ("bool", 1),
    7: ("int16", 2),
    9: ("int8", 1),
}

TABLES: Schema = {
    "Model": {
        0: ("version", "u32"),
        1: ("operator_codes", "[OperatorCode]"),
        2: ("subgraphs", "[SubGraph]"),
        3: ("description", "str"),
        4: ("buffers", "[Buffer]"),
        5: ("metadata_buffer", "[i32]"),
        6: ("metadata", "[Metadata]"),
        7: ("signature_defs", "[SignatureDef]"),
    },
    "OperatorCode": {
        0: ("deprecated_builtin_code", "i8"),
        1: ("custom_code", "str"),
        2: ("version", "i32"),
        3: ("builtin_code", "i32"),
    },
    "SubGraph": {
        0: ("tensors", "[Tensor]"),
        1: ("inputs", "[i32]"),
        2: ("outputs", "[i32]"),
        3: ("operators", "[Operator]"),
        4: ("name", "str"),
        5: ("debug_metadata_index", "i32"),
    },
    "Tensor": {
        0: ("shape", "[i32]"),
        1: ("type", "i8"),
        2: ("buffer", "u32"),
        3: ("name", "str"),
        4: ("quantization", "QuantizationParameters"),
        5: ("is_variable", "bool"),
        7: ("shape_signature", "[i32]"),
        8: ("has_rank", "bool"),
    },
    "QuantizationParameters": {
        0: ("min", "[f32]"),
        1: ("max", "[f32]"),
        2: ("scale", "[f32]"),
        3: ("zero_point", "[i64]"),
        4: ("details_type", "u8"),
        6: ("quantized_dimension", "i32"),
    },
    "Operator": {
        0: ("opcode_index", "u32"),
        1: ("inputs", "[i32]"),
        2: ("outputs", "[i32]"),
        3: ("builtin_options_type", "u8"),
        4: ("builtin_options", "union"),
        6: ("custom_options_format", "i8"),
        7: ("mutating_variable_inputs", "[bool]"),
        8: ("intermediates", "[i32]"),
        13: ("debug_metadata_index", "i32"),
    },
    "Buffer": {0: ("data", "[u8]"), 1: ("offset", "u64"), 2: ("size", "u64")},
    "Metadata": {0: ("name", "str"), 1: ("buffer", "u32")},
    "SignatureDef": {
        0: ("inputs", "[TensorMap]"),
        1: ("outputs", "[TensorMap]"),
        2: ("signature_key", "str"),
        4: ("subgraph_index", "u32"),
    },
    "TensorMap": {0: ("name", "str"), 1: ("tensor_index", "u32")},
}

_ACTIVATION = {0: ("fused_activation_function", "i8")}
_ARITHMETIC = {**_ACTIVATION, 1: ("pot_scale_int16", "bool")}
_REDUCER = {0: ("keep_dims", "bool")}

#: Builtin code to (name, options type, option fields). Operators that compute and nothing
#: else, plus WHILE: TensorFlow writes the one step of a Keras GRU (DDSP-VST's) as a loop.
OPERATORS: dict[int, tuple[str, int, dict[int, tuple[str, str]]]] = {
    0: ("ADD", 11, _ARITHMETIC),
    2: ("CONCATENATION", 10, {0: ("axis", "i32"), 1: ("fused_activation_function", "i8")}),
    6: ("DEQUANTIZE", 38, {}),
    8: ("FLOOR", 0, {}),
    9: (
        "FULLY_CONNECTED",
        8,
        {
            **_ACTIVATION,
            1: ("weights_format", "i8"),
            2: ("keep_num_dims", "bool"),
            3: ("asymmetric_quantize_inputs", "bool"),
            4: ("quantized_bias_type", "i8"),
        },
    ),
    14: ("LOGISTIC", 0, {}),
    18: ("MUL", 21, _ACTIVATION),
    19: ("RELU", 0, {}),
    20: ("RELU_N1_TO_1", 0, {}),
    21: ("RELU6", 0, {}),
    22: ("RESHAPE", 17, {0: ("new_shape", "[i32]")}),
    25: ("SOFTMAX", 9, {0: ("beta", "f32")}),
    28: ("TANH", 0, {}),
    34: ("PAD", 22, {}),
    36: ("GATHER", 23, {0: ("axis", "i32"), 1: ("batch_dims", "i32")}),
    39: ("TRANSPOSE", 26, {}),
    40: ("MEAN", 27, _REDUCER),
    41: ("SUB", 28, _ARITHMETIC),
    42: ("DIV", 29, _ACTIVATION),
    43: ("SQUEEZE", 30, {0: ("squeeze_dims", "[i32]")}),
    45: (
        "STRIDED_SLICE",
        32,
        {
            0: ("begin_mask", "i32"),
            1: ("end_mask", "i32"),
            2: ("ellipsis_mask", "i32"),
            3: ("new_axis_mask", "i32"),
            4: ("shrink_axis_mask", "i32"),
            5: ("offset", "bool"),
        },
    ),
    47: ("EXP", 33, {}),
    49: ("SPLIT", 35, {0: ("num_splits", "i32")}),
    50: ("LOG_SOFTMAX", 36, {}),
    53: ("CAST", 37, {0: ("in_data_type", "i8"), 1: ("out_data_type", "i8")}),
    54: ("PRELU", 0, {}),
    55: ("MAXIMUM", 39, {}),
    57: ("MINIMUM", 39, {}),
    58: ("LESS", 41, {}),
    59: ("NEG", 42, {}),
    60: ("PADV2", 43, {}),
    61: ("GREATER", 44, {}),
    62: ("GREATER_EQUAL", 45, {}),
    63: ("LESS_EQUAL", 46, {}),
    64: ("SELECT", 47, {}),
    65: ("SLICE", 48, {}),
    66: ("SIN", 0, {}),
    69: ("TILE", 51, {}),
    70: ("EXPAND_DIMS", 52, {}),
    71: ("EQUAL", 53, {}),
    72: ("NOT_EQUAL", 54, {}),
    73: ("LOG", 0, {}),
    74: ("SUM", 27, _REDUCER),
    75: ("SQRT", 0, {}),
    76: ("RSQRT", 0, {}),
    77: ("SHAPE", 55, {0: ("out_type", "i8")}),
    78: ("POW", 56, {}),
    81: ("REDUCE_PROD", 27, _REDUCER),
    82: ("REDUCE_MAX", 27, _REDUCER),
    83: ("PACK", 59, {0: ("values_count", "i32"), 1: ("axis", "i32")}),
    84: ("LOGICAL_OR", 60, {}),
    85: ("ONE_HOT", 61, {0: ("axis", "i32")}),
    86: ("LOGICAL_AND", 62, {}),
    87: ("LOGICAL_NOT", 63, {}),
    88: ("UNPACK", 64, {0: ("num", "i32"), 1: ("axis", "i32")}),
    89: ("REDUCE_MIN", 27, _REDUCER),
    90: ("FLOOR_DIV", 65, {}),
    92: ("SQUARE", 66, {}),
    93: ("ZEROS_LIKE", 67, {}),
    94: ("FILL", 68, {}),
    95: ("FLOOR_MOD", 72, {}),
    96: ("RANGE", 73, {}),
    98: ("LEAKY_RELU", 75, {0: ("alpha", "f32")}),
    99: ("SQUARED_DIFFERENCE", 76, {}),
    101: ("ABS", 78, {}),
    102: ("SPLIT_V", 79, {0: ("num_splits", "i32")}),
    104: ("CEIL", 0, {}),
    105: ("REVERSE_V2", 81, {}),
    106: ("ADD_N", 82, {}),
    107: ("GATHER_ND", 83, {}),
    108: ("COS", 84, {}),
    110: ("RANK", 86, {}),
    111: ("ELU", 0, {}),
    114: ("QUANTIZE", 89, {}),
    116: ("ROUND", 0, {}),
    117: ("HARD_SWISH", 91, {}),
    119: ("WHILE", 93, {0: ("cond_subgraph_index", "i32"), 1: ("body_subgraph_index", "i32")}),
    122: ("SCATTER_ND", 97, {}),
    123: ("SELECT_V2", 98, {}),
    126: (
        "BATCH_MATMUL",
        101,
        {0: ("adj_x", "bool"), 1: ("adj_y", "bool"), 2: ("asymmetric_quantize_inputs", "bool")},
    ),
    128: ("CUMSUM", 102, {0: ("exclusive", "bool"), 1: ("reverse", "bool")}),
    130: ("BROADCAST_TO", 104, {}),
    151: ("DYNAMIC_UPDATE_SLICE", 117, {}),
    150: ("GELU", 116, {0: ("approximate", "bool")}),
}
WHILE = 119

_ANY = 256
_BY_INPUTS = {
    (1, 1): (
        "DEQUANTIZE FLOOR LOGISTIC RELU RELU_N1_TO_1 RELU6 SOFTMAX TANH SQUEEZE EXP LOG_SOFTMAX "
        "CAST NEG SIN LOG SQRT RSQRT SHAPE LOGICAL_NOT UNPACK SQUARE ZEROS_LIKE LEAKY_RELU ABS "
        "CEIL COS RANK ELU QUANTIZE ROUND HARD_SWISH GELU"
    ),
    (1, 2): "RESHAPE",
    (2, 2): "ADD MUL PAD GATHER TRANSPOSE MEAN SUB DIV SPLIT PRELU MAXIMUM MINIMUM LESS GREATER "
    "GREATER_EQUAL LESS_EQUAL TILE EXPAND_DIMS EQUAL NOT_EQUAL SUM POW REDUCE_PROD REDUCE_MAX "
    "REDUCE_MIN LOGICAL_OR LOGICAL_AND FLOOR_DIV FILL FLOOR_MOD SQUARED_DIFFERENCE REVERSE_V2 "
    "GATHER_ND BATCH_MATMUL CUMSUM BROADCAST_TO",
    (2, 3): "FULLY_CONNECTED",
    (3, 3): "PADV2 SELECT SLICE RANGE SPLIT_V SCATTER_ND SELECT_V2 DYNAMIC_UPDATE_SLICE",
    (4, 4): "STRIDED_SLICE ONE_HOT",
    (1, _ANY): "CONCATENATION PACK ADD_N WHILE",
}
#: Operator to (fewest, most) inputs. The runtimes read the fewest unseen.
INPUTS = {name: counts for counts, names in _BY_INPUTS.items() for name in names.split()}
#: Operator to most outputs; one where it is not named.
OUTPUTS = dict.fromkeys(("SPLIT", "SPLIT_V", "UNPACK", "WHILE"), _ANY)

#: The option tables, as tables of the schema, named by their operator.
TABLES.update({f"{name} options": fields for name, _, fields in OPERATORS.values()})
