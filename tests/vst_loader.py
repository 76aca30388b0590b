"""DDSP-VST's loader in Python, written from its source and from nothing of ours.

magenta/ddsp-vst: ModelLibrary.cpp (searchPathForModels, loadModelTimestamp, validateModel),
PredictControlsModel.cpp (call, getMetadata), Constants.h; and JUCE's reading of the file as text
and of the zip behind it. The tensors are read through the TFLite interpreter, as the plug-in
does. It imports neither ddsp_edge nor zipfile: what is wrong there must not be wrong here too.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

#: Names and elements that the plug-in compares with, whatever their order.
WANTED_INPUTS = {"call_f0_scaled:0": 1, "call_pw_scaled:0": 1, "call_state:0": 512}
WANTED_OUTPUTS = {
    "StatefulPartitionedCall:0": 1,
    "StatefulPartitionedCall:1": 60,
    "StatefulPartitionedCall:2": 65,
    "StatefulPartitionedCall:3": 512,
}


@dataclass
class Loaded:
    """What the plug-in has in its hands after loading, and what it complained about."""

    name: str
    timestamp: str
    metadata: dict
    complaints: list[str]
    interpreter: Interpreter | None = None

    def call(self, f0_norm: float, loudness_norm: float, state: np.ndarray) -> dict:
        """One frame; inputs and outputs found by name, in whatever order they are listed."""
        assert self.interpreter is not None
        given = {"call_f0_scaled:0": f0_norm, "call_pw_scaled:0": loudness_norm}
        for detail in self.interpreter.get_input_details():
            value = state if detail["name"] == "call_state:0" else given[detail["name"]]
            shaped = np.asarray(value, np.float32).reshape(detail["shape"])
            self.interpreter.set_tensor(detail["index"], shaped)
        self.interpreter.invoke()
        return {
            detail["name"]: self.interpreter.get_tensor(detail["index"]).reshape(-1)
            for detail in self.interpreter.get_output_details()
        }


def search(folder: Path) -> list[Loaded]:
    """Every ``*.tflite`` in the folder of models and below."""
    return [load(path) for path in sorted(folder.rglob("*.tflite"))]


def load(path: Path) -> Loaded:
    """Read one file as the plug-in does. Never raises for a bad file: it complains."""
    data = _as_juce_reads_it(path.read_bytes())
    metadata = _metadata(data)
    loaded = Loaded(path.stem, str(metadata.get("export_time", "")), metadata, [])
    try:
        loaded.interpreter = Interpreter(model_content=data)
        loaded.interpreter.allocate_tensors()
    except (ValueError, RuntimeError):
        loaded.interpreter = None
        loaded.complaints.append("Invalid .tflite file.")
        return loaded
    inputs = loaded.interpreter.get_input_details()
    outputs = loaded.interpreter.get_output_details()
    if len(inputs) != 3:
        loaded.complaints.append(f"Invalid number of input tensors: {len(inputs)}")
    if len(outputs) != 4:
        loaded.complaints.append(f"Invalid number of output tensors: {len(outputs)}")
    if not loaded.complaints:
        _names(loaded, inputs, WANTED_INPUTS, "input")
        _names(loaded, outputs, WANTED_OUTPUTS, "output")
    if not loaded.complaints:
        for detail in (*inputs, *outputs):
            elements = int(np.prod(detail["shape"])) * np.dtype(detail["dtype"]).itemsize // 4
            if elements != {**WANTED_INPUTS, **WANTED_OUTPUTS}[detail["name"]]:
                loaded.complaints.append(f"Invalid tensor size {elements} for {detail['name']}")
            if detail["dtype"] is not np.float32:  # typed_tensor<float> would be a null pointer
                loaded.complaints.append(f"{detail['name']} is no float")
    return loaded


def _names(loaded: Loaded, details: list[dict], wanted: dict[str, int], side: str) -> None:
    left = list(wanted)
    for detail in details:
        if detail["name"] in left:
            left.remove(detail["name"])
        else:
            loaded.complaints.append(f"Invalid {side} tensor name {detail['name']}")


def _as_juce_reads_it(data: bytes) -> bytes:
    """File::loadFileAsString().toRawUTF8(): bytes that are text up to the first NUL stay as they
    are (the copy goes by length); none before it is an empty string; others are re-encoded."""
    if data[:1] in (b"", b"\0"):
        return b""
    head = data.split(b"\0", 1)[0]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").encode("utf-8")
    return data


def _metadata(data: bytes) -> dict:
    """juce::ZipFile: the directory's end in the last 1024 bytes, offsets from the file's start."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 1024))
    if end < 0:
        return {}
    count, _, at = struct.unpack_from("<HII", data, end + 10)
    for _ in range(count):
        if data[at : at + 4] != b"PK\x01\x02":
            return {}
        method, packed = struct.unpack_from("<H", data, at + 10)[0], at + 20
        size, _, name_len, extra, comment = struct.unpack_from("<IIHHH", data, packed)
        local = struct.unpack_from("<I", data, at + 42)[0]
        name = data[at + 46 : at + 46 + name_len].decode("utf-8").lower()
        if name == "metadata.json" and data[local : local + 4] == b"PK\x03\x04":
            skip = sum(struct.unpack_from("<HH", data, local + 26))
            raw = data[local + 30 + skip : local + 30 + skip + size]
            return dict(json.loads(zlib.decompress(raw, -15) if method else raw))
        at += 46 + name_len + extra + comment
    return {}
