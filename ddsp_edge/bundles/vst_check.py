"""What DDSP-VST's own loader asks of a model file, rule by rule.

Source: magenta/ddsp-vst, src/audio/tflite: ModelLibrary.cpp (``searchPathForModels``,
``validateModel``, ``loadModelTimestamp``), PredictControlsModel.cpp, src/util/Constants.h; and
what it stands on: JUCE's ``File::loadFileAsString`` and ``ZipFile``, and TensorFlow Lite of 2022
(its built-in operators). Nothing of it is run here; the file is not trusted.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.system.safe_zip import SafeZip, ZipError
from ddsp_edge.tflite.flatbuffer import FlatbufferError, Reader
from ddsp_edge.tflite.schema import OPERATORS, TABLES, TENSOR_TYPES
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES, input_shapes, output_shapes

STATE_SIZE, N_HARMONICS, N_NOISE = 512, 60, 65
SAMPLE_RATE, FRAME_RATE = 16_000, 50
#: JUCE looks for the end of a zip's directory in so many bytes at the end of the file.
ZIP_END_BYTES = 1024
#: What the plug-in reads from metadata.json.
METADATA_KEYS = (
    "mean_min_pitch_note_hz",
    "mean_max_pitch_note_hz",
    "mean_min_power_note",
    "mean_max_power_note",
    "version",
    "export_time",
)
#: The newest version of an operator that TensorFlow Lite had in mid-2022, where it is not 1.
NEWEST = {
    "FULLY_CONNECTED": 9, "ADD": 4, "SUB": 5, "MUL": 5, "DIV": 2, "CONCATENATION": 3, "TANH": 3,
    "LOGISTIC": 3, "SOFTMAX": 3, "RELU": 3, "RELU6": 3, "LEAKY_RELU": 2, "SLICE": 5,
    "STRIDED_SLICE": 6, "SPLIT": 4, "SPLIT_V": 2, "SQUEEZE": 2, "CAST": 4, "DEQUANTIZE": 5,
    "QUANTIZE": 3, "MAXIMUM": 4, "MINIMUM": 4, "LESS": 2, "LESS_EQUAL": 2, "GREATER": 2,
    "GREATER_EQUAL": 2, "EQUAL": 3, "NOT_EQUAL": 3, "SELECT": 2, "SUM": 2, "MEAN": 3,
    "REDUCE_MAX": 3, "REDUCE_MIN": 3, "RSQRT": 2, "SQUARED_DIFFERENCE": 2, "PACK": 3, "UNPACK": 4,
    "GATHER": 5, "TRANSPOSE": 5, "TILE": 3, "PAD": 4, "FILL": 3, "BATCH_MATMUL": 4,
    "BROADCAST_TO": 3, "ABS": 4, "FLOOR_DIV": 2, "REVERSE_V2": 3, "GELU": 2, "PADV2": 4,
    "GATHER_ND": 3, "LOG_SOFTMAX": 2, "REDUCE_PROD": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of DDSP-VST, and whether a file keeps it."""

    name: str
    kept: bool
    text: str  #: what was found
    required: bool = True  #: False: the plug-in takes it all the same, and lacks something

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def check_for_vst(data: bytes) -> list[Rule]:
    """The bytes of a ``.tflite`` to every rule that can be told of it; raises nothing."""
    rules = [_mark(data), _text(data)]
    try:
        model = Reader(data, TABLES).root("Model")
        graph = model["subgraphs"][0]
        ends = {side: _ends(graph, side) for side in ("inputs", "outputs")}
    except (FlatbufferError, KeyError, IndexError) as error:
        reason = str(error) if isinstance(error, FlatbufferError) else "it has no graph"
        return [*rules, Rule("graph", False, f"cannot be read ({reason})")]
    rules.append(_operators(model))
    for side, names, shapes in (
        ("inputs", INPUT_NAMES, input_shapes(STATE_SIZE)),
        ("outputs", OUTPUT_NAMES, output_shapes(STATE_SIZE, N_HARMONICS, N_NOISE)),
    ):
        rules += _side(side, ends[side], names, {k: v[0] for k, v in shapes.items()})
    return [*rules, *_metadata(data)]


def check_file_for_vst(path: Path | str) -> list[Rule]:
    """The rules for the ``.tflite`` of a file: itself, or the one in a zip. Raises UserError.

    The plug-in looks for ``*.tflite`` in its folder and those below it, so a zip is to be
    unpacked there.
    """
    data = read_limited(path, MAX_FILE_BYTES)
    if data[:2] != b"PK":
        return check_for_vst(data)
    try:
        archive = SafeZip(data)
        archive.without_clutter()
        models = [name for name in archive.names() if name.lower().endswith(".tflite")]
        if len(models) != 1:
            return [Rule("model", False, f"{len(models)} .tflite files in the zip, not one")]
        return check_for_vst(archive.read(models[0]))
    except ZipError as error:
        return [Rule("model", False, str(error))]


def would_take(rules: list[Rule]) -> bool:
    """Whether the plug-in would load and play the file."""
    return all(rule.kept for rule in rules if rule.required)


def _mark(data: bytes) -> Rule:
    found = data[4:8] == b"TFL3"
    return Rule("TFLite file", found, "TFL3" if found else "the mark TFL3 is missing")


def _text(data: bytes) -> Rule:
    """JUCE reads the file as text: kept as it is where text ends it, empty where none is."""
    head = data.split(b"\0", 1)[0]
    kept = bool(head) and head.isascii()
    found = "read whole" if kept else "begins with bytes that JUCE would not read as they are"
    return Rule("first bytes", kept, found)


def _ends(graph: dict[str, Any], side: str) -> list[tuple[str, int, str]]:
    """(name, elements as the plug-in counts them, element type) of each input or output."""
    found = []
    for index in graph.get(side, ()):
        tensor = graph["tensors"][index] if index >= 0 else {}
        dtype, width = TENSOR_TYPES.get(tensor.get("type", 0), ("unknown", 4))
        count = 1
        for n in tensor.get("shape", ()):
            count *= int(n)
        found.append((tensor.get("name", ""), count * width // 4, dtype))
    return found


def _operators(model: dict[str, Any]) -> Rule:
    strange = []
    for code in model.get("operator_codes", []):
        builtin = max(code.get("deprecated_builtin_code", 0), code.get("builtin_code", 0))
        name, version = OPERATORS.get(builtin, (f"operator {builtin}",))[0], code.get("version", 1)
        if builtin not in OPERATORS or code.get("custom_code"):
            strange.append(str(code.get("custom_code") or name))
        elif version > NEWEST.get(name, 1):
            strange.append(f"{name} version {version}")
    text = f"unknown to it: {', '.join(strange)}" if strange else "all known to it"
    return Rule("operators", not strange, text)


def _side(
    side: str, ends: list[tuple[str, int, str]], names: tuple[str, ...], sizes: dict[str, int]
) -> list[Rule]:
    found = [name for name, _, _ in ends]
    rules = [Rule(f"number of {side}", len(ends) == len(names), f"{len(ends)}, of {len(names)}")]
    right = sorted(found) == sorted(names)
    text = "right, in any order" if right else f"{', '.join(found)}; it wants {', '.join(names)}"
    rules.append(Rule(f"names of {side}", right, text))
    for name, size, dtype in ends:
        if name in sizes:
            good = size == sizes[name] and dtype == "float32"
            wanted = "" if good else f"; it wants {sizes[name]} float32"
            rules.append(Rule(f"size of {name}", good, f"{size} {dtype}{wanted}"))
    return rules


def _metadata(data: bytes) -> list[Rule]:
    """It plays without; but shows no range and forgets which model was chosen."""
    try:
        archive = SafeZip(data)
        start = archive.start
        end = data.rfind(b"PK\x05\x06")
        (directory,) = struct.unpack_from("<I", data, end + 16)
        found = end >= len(data) - ZIP_END_BYTES and data[start : start + 4] == b"PK\x03\x04"
        found &= data[directory : directory + 4] == b"PK\x01\x02"  # counted from the file's start
        said = json.loads(archive.read("metadata.json", 1 << 16)) if found else {}
        if not isinstance(said, dict):
            said = {}
    except (ZipError, KeyError, ValueError, RecursionError, struct.error):
        said = {}
    missing = [key for key in METADATA_KEYS if key not in said]
    text = f"metadata.json behind it lacks {', '.join(missing)}" if missing else "complete"
    if not said:
        text = "no metadata.json behind it that JUCE's zip reader finds"
    rules = [Rule("metadata", not missing, text, required=False)]
    for key, wanted in (("sample_rate", SAMPLE_RATE), ("frame_rate", FRAME_RATE)):
        if said.get(key, wanted) != wanted:
            text = f"{said[key]!r:.20}; it plays every model at {wanted}"
            rules.append(Rule(key, False, text, required=False))
    return rules
