"""torch decoder -> TFLite file with DDSP-VST's tensor names, checked against the module."""

from __future__ import annotations

import contextlib
import copy
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.bundles.vst_export import write_vst
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.tflite.check import check_tflite
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES, input_shapes, output_shapes
from ddsp_edge.training.export.drift import Drift, Step, check_track, measure
from ddsp_edge.training.export.quantization import check_kind, quantize

#: The most an exported file may stray from its module, by (quantization, arithmetic).
LIMITS = {
    ("none", "float"): Drift(0, 0.01, 0.01, 0.01, 0.001, True),
    ("float16", "float"): Drift(0, 0.1, 0.2, 0.2, 0.02, True),
    ("int8", "float"): Drift(0, 0.5, 1.0, 0.5, 0.2, True),
    ("int8", "int8"): Drift(0, 1.0, 1.5, 1.0, 0.3, True),
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What the exporter found; ``drift`` is over the check track, against the module."""

    quantization: str
    arithmetic: str
    weights: int  #: parameters of the module
    size_bytes: int  #: of the file
    drift: Drift


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported TFLite file with the report of its export."""

    model: bytes
    report: ExportReport


def _rename(model: bytes) -> bytes:
    """Give the graph's inputs and outputs their contract names; drop the signature."""
    import flatbuffers  # type: ignore[import-untyped]
    from ai_edge_litert import schema_py_generated as schema

    root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    graph = root.subgraphs[0]
    renamed = [*graph.inputs, *graph.outputs]
    if len(graph.inputs) != len(INPUT_NAMES) or len(graph.outputs) != len(OUTPUT_NAMES):
        raise ValueError(
            f"the converted module has {len(graph.inputs)} inputs and {len(graph.outputs)} "
            "outputs; a decoder has 3 and 4"
        )
    if len(set(renamed)) != len(renamed):
        raise ValueError("an input is also an output, or one tensor is two outputs")
    for index, name in zip(renamed, (*INPUT_NAMES, *OUTPUT_NAMES), strict=True):
        graph.tensors[index].name = name
    root.signatureDefs = None
    for buffer in root.buffers:
        if buffer.offset > 1:  # weights after the flatbuffer, as big files have them: move them in
            end = buffer.offset + buffer.size
            buffer.data = np.frombuffer(model[buffer.offset : end], np.uint8)
            buffer.offset = buffer.size = 0
    builder = flatbuffers.Builder(len(model))
    builder.Finish(root.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def torch_step(module: torch.nn.Module) -> Step:
    """Wrap a torch module as a function of float32 arrays."""

    def step(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            outputs = module(*(torch.from_numpy(np.array(a, np.float32)) for a in arrays))
        return tuple(output.numpy() for output in outputs)

    return step


def tflite_step(model: bytes) -> Step:
    """Wrap a TFLite file as a function of float32 arrays, executed by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    inputs = {d["name"]: d["index"] for d in interpreter.get_input_details()}
    outputs = {d["name"]: d["index"] for d in interpreter.get_output_details()}

    def step(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        for name, array in zip(INPUT_NAMES, arrays, strict=True):
            interpreter.set_tensor(inputs[name], array)
        interpreter.invoke()
        return tuple(interpreter.get_tensor(outputs[name]) for name in OUTPUT_NAMES)

    return step


def convert(module: torch.nn.Module, state_size: int, n_harmonics: int, n_noise: int) -> bytes:
    """A decoder as a TFLite file in float32, before quantization and without its tensors' names.

    This is what takes long (seconds): one conversion serves every quantization (:func:`export`'s
    ``converted``). ``module`` as for :func:`export`; it is left as it was. Raises UserError where
    the converter is missing, ValueError for a module that is not a decoder.
    """
    try:
        import litert_torch
    except ImportError as error:
        raise UserError(f"{error}; install it with: pip install 'ddsp-edge[train]'") from None
    module = copy.deepcopy(module).cpu().float().eval()
    kwargs = {
        name.removeprefix("call_").removesuffix(":0"): torch.zeros(shape)
        for name, shape in input_shapes(state_size).items()
    }
    with torch.no_grad():
        found = [tuple(output.shape) for output in module(*kwargs.values())]
    wanted = list(output_shapes(state_size, n_harmonics, n_noise).values())
    if found != wanted:
        raise ValueError(f"the module returns shapes {found}, not {wanted}")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        # It tells each of its steps on stdout.
        converted = litert_torch.signature("call", module, sample_kwargs=kwargs).convert()
        converted.export(f"{folder}/model.tflite")
        return Path(f"{folder}/model.tflite").read_bytes()


def export(
    module: torch.nn.Module,
    state_size: int,
    n_harmonics: int,
    n_noise: int,
    path: Path | str | None = None,
    quantization: str = "int8",
    arithmetic: str = "float",
    pitch_range_hz: tuple[float, float] = (110.0, 880.0),
    steps: int = 1000,
    converted: bytes | None = None,
) -> Exported:
    """Convert, quantize, check; written to ``path`` too where one is given.

    ``module.forward(f0_scaled [1], pw_scaled [1], state [state_size])`` returns amplitude [1],
    harmonics [n_harmonics], noise [n_noise], state [state_size], nonlinearities applied.
    ``quantization`` and ``arithmetic`` as in :mod:`ddsp_edge.training.export.quantization`.
    The file is played next to the module for ``steps`` frames over ``pitch_range_hz``.
    ``converted`` is what :func:`convert` made of this module, where it has been asked already.
    Raises UserError for a wrong choice or a missing package, ValueError for a module that is not
    a decoder or a file that strays beyond :data:`LIMITS`.
    """
    check_kind(quantization, arithmetic)
    if converted is None:
        converted = convert(module, state_size, n_harmonics, n_noise)
    module = copy.deepcopy(module).cpu().float().eval()
    model = _rename(quantize(converted, quantization, arithmetic))
    if check_tflite(model).per_channel:  # it also shows that the bundle reader will take it
        raise ValueError("the file has per-channel scales: wrong under tflite-runtime")
    track = check_track(steps, *pitch_range_hz)
    report = ExportReport(
        quantization,
        arithmetic,
        sum(p.numel() for p in module.parameters()),
        len(model),
        measure(torch_step(module), tflite_step(model), state_size, track),
    )
    limit = LIMITS[quantization, arithmetic if quantization == "int8" else "float"]
    if not report.drift.within(limit):
        raise ValueError(f"the {quantization} file strays too far: {report.drift}, limit {limit}")
    if path is not None:
        write_atomically(Path(path), model)
    return Exported(model, report)


def export_vst(
    module: torch.nn.Module,
    info: ModelInfo,
    path: Path | str,
    arithmetic: str = "float",
    steps: int = 1000,
) -> Exported:
    """Export for DDSP-VST: a ``.tflite`` with its metadata behind it, or its training zip.

    ``info`` gives sizes, quantization and metadata; ``path`` is as in
    :func:`ddsp_edge.bundles.vst_export.write_vst`. Raises as that and :func:`export`.
    """
    exported = export(
        module,
        info.state_size,
        info.n_harmonics,
        info.n_noise,
        quantization=info.quantization,
        arithmetic=arithmetic,
        pitch_range_hz=(info.min_pitch_hz, info.max_pitch_hz),
        steps=steps,
    )
    write_vst(Bundle(info, exported.model), path)
    return exported
