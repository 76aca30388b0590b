"""``python -m ddsp_edge.training.study.network_search``: the smallest decoder that keeps the sound.

Each candidate learns the controls of an instrument's large decoder for the same number of steps,
is judged by the held-out loss of its sound, exported, and timed on LiteRT. Every result is kept
in a JSON file as soon as it is there; what is in it already is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ddsp_edge.bench.decoder import invoke_us
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.training.data.dataset import prepare
from ddsp_edge.training.export.rounding import calibration, round_to_int8
from ddsp_edge.training.export.to_tflite import export
from ddsp_edge.training.fit.distillation import DistillationData, DistilPlan, distil
from ddsp_edge.training.fit.teacher import Teacher
from ddsp_edge.training.networks.feed_forward import FeedForwardDecoder, FeedForwardShape
from ddsp_edge.training.networks.model import EdgeDecoder, Shape
from ddsp_edge.training.networks.registry import edge_shape
from ddsp_edge.training.recipes import RECIPES

REPEATS = 60  #: of a timing; the best counts


def _gru(hidden: int, state: int, dense: int) -> Callable[[Shape], nn.Module]:
    return lambda shape: EdgeDecoder(replace(shape, hidden=hidden, state_size=state, dense=dense))


def _forward(
    smoothing: tuple[float, ...], delays: tuple[int, ...], widths: tuple[int, ...]
) -> Callable[[Shape], nn.Module]:
    return lambda shape: FeedForwardDecoder(
        FeedForwardShape(
            shape.n_harmonics,
            shape.n_noise,
            smoothing,
            delays,
            widths,
            shape.pitch,
            shape.loudness,
        )
    )


_MEANS = (2.0, 8.0, 32.0, 128.0)
_TAPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
#: Name to (family, what makes it). The first is as large as the teacher: what the steps allow.
CANDIDATES: dict[str, tuple[str, Callable[[Shape], nn.Module]]] = {
    "gru96": ("recurrent", _gru(64, 96, 96)),
    "gru64": ("recurrent", _gru(48, 64, 64)),
    "gru32": ("recurrent", _gru(32, 32, 64)),
    "gru32-narrow": ("recurrent", _gru(32, 32, 32)),
    "gru24": ("recurrent", _gru(16, 24, 16)),
    "smoothed96": ("smoothed", _forward((1.0, 3.0, 9.0, 27.0, 81.0), (), (96, 96, 96))),
    "smoothed64": ("smoothed", _forward(_MEANS, (), (64, 64, 64))),
    "smoothed24": ("smoothed", _forward(_MEANS, (), (48, 32, 24))),
    "convolution64": ("convolution", _forward((), _TAPS, (64, 64, 64))),
    "memoryless64": ("memoryless", _forward((), (), (64, 64, 64))),
}


def evaluate_candidate(
    name: str, material: DistillationData, plan: DistilPlan, say: Callable[[str], None] = print
) -> tuple[dict[str, Any], nn.Module]:
    """Train, export and time one candidate; return its row of results and the trained module."""
    family, make = CANDIDATES[name]
    torch.manual_seed(plan.seed)
    student: Any = make(edge_shape(material.dataset.profile, material.dataset.summary))
    begun = time.process_time()

    def report(step: int, loss: float) -> None:
        if step % 500 == 0:
            say(f"  {name}: step {step} of {plan.steps}, loss {loss:.4f}")

    distil(student, material, plan, report)
    took = time.process_time() - begun
    student.eval()
    shape, summary = student.shape, material.dataset.summary
    decoder = student.frame_decoder()
    rounded = round_to_int8(decoder, calibration(material.dataset.train))
    files = {
        quantization: export(
            module,
            shape.state_size,
            shape.n_harmonics,
            shape.n_noise,
            quantization=quantization,
            pitch_range_hz=(summary["f0_low_hz"], summary["f0_high_hz"]),
        )
        for quantization, module in (("none", decoder), ("int8", rounded))
    }
    row = {
        "candidate": name,
        "family": family,
        "parameters": student.parameters_count(),
        "held_out_loss": round(material.held_out_loss(student.sequence), 4),
        "train_s": round(took, 1),
        "float32_us": round(invoke_us(files["none"].model, "litert", REPEATS), 2),
        "int8_us": round(invoke_us(files["int8"].model, "litert", REPEATS), 2),
        "int8_bytes": len(files["int8"].model),
        "plan": asdict(plan),
    }
    return row, student


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the module's docstring shows; 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(
        prog="python -m ddsp_edge.training.study.network_search", description=__doc__
    )
    parser.add_argument("audio", type=Path, help="the folder with a folder for each instrument")
    parser.add_argument("--instruments", default="violin,cello", help="(default: %(default)s)")
    parser.add_argument("--candidates", default=",".join(CANDIDATES), help="(default: all)")
    parser.add_argument("--teacher", type=Path, help="bundle (default: the installed instrument)")
    parser.add_argument("--steps", type=int, default=DistilPlan.steps)
    parser.add_argument("--rate", type=float, default=DistilPlan.rate)
    parser.add_argument("--work", type=Path, default=Path("runs/search"), help="caches, weights")
    parser.add_argument("--results", type=Path, default=Path("docs/data/decoder-search.json"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    plan = DistilPlan(steps=options.steps, rate=options.rate)
    try:
        _check_names("--instruments", options.instruments, RECIPES)
        _check_names("--candidates", options.candidates, CANDIDATES)
        for instrument in options.instruments.split(","):
            _search(instrument, options, plan)
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    return 0


def read_results(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of results. Raises UserError where it holds none that can be read."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as results of a search ({error})") from None
    if not (isinstance(rows, list) and all(isinstance(r, dict) and "plan" in r for r in rows)):
        raise UserError(f"{path}: no results of a search; give another file with --results")
    return rows


def _check_names(option: str, given: str, known: Iterable[str]) -> None:
    for name in given.split(","):
        if name not in known:
            raise UserError(f"{option} {name}: one of {', '.join(known)}")


def _search(instrument: str, options: argparse.Namespace, plan: DistilPlan) -> None:
    material = None
    for name in options.candidates.split(","):
        rows = read_results(options.results) if options.results.exists() else []
        mark = (instrument, name, asdict(plan))
        if any((r["instrument"], r["candidate"], r["plan"]) == mark for r in rows):
            continue
        if material is None:
            recipe = RECIPES[instrument]
            dataset = prepare(options.audio / recipe.folder, recipe, options.work / "cache")
            teacher = find_model(str(options.teacher or instrument))
            material = DistillationData(Teacher.of(teacher, dataset.profile), dataset)
            reference = round(material.teacher_loss(), 4)
            print(f"{instrument}: the large decoder's held-out loss is {reference}", flush=True)
        row, student = evaluate_candidate(name, material, plan)
        row = {"instrument": instrument, "teacher_loss": reference, **row}
        options.results.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(options.results, json.dumps([*rows, row], indent=1).encode() + b"\n")
        options.work.mkdir(parents=True, exist_ok=True)
        torch.save(student.state_dict(), options.work / f"{instrument}-{name}-{plan.steps}.pt")
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
