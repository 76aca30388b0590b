"""Our recipe against DDSP-VST's own (:mod:`plain_recipe`), change by change.

    python -m ddsp_edge.training.study.baseline FOLDER --recipe violin --minutes 10 --out plain.json
    python -m ddsp_edge.training.study.baseline FOLDER --recipe violin --to-the-end 30000

The second runs the plain recipe to its end, hours; stopped by Ctrl-C or a power cut, the same
command goes on from its last checkpoint, which is a minute old at most.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch

from ddsp_edge import evaluation
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import check_new, write_atomically
from ddsp_edge.training import c_loops
from ddsp_edge.training.data.dataset import Dataset, prepare
from ddsp_edge.training.data.features import TRUST
from ddsp_edge.training.export.measure import CROP_S
from ddsp_edge.training.fit import run_log
from ddsp_edge.training.fit.devices import keep_memory
from ddsp_edge.training.fit.trainer import Trainer
from ddsp_edge.training.plan import Plan, Progress
from ddsp_edge.training.profiles import EDGE, VST
from ddsp_edge.training.recipes import RECIPES
from ddsp_edge.training.study.helper_process import Helper
from ddsp_edge.training.study.plain_recipe import PlainTrainer, plain_plan

COMPARISON_RATE = 16_000  #: everything is judged below 8 kHz, where both recipes have sound
STEPS = ("plain", "warm", "network", "fast")


def mean_loss(trainer: Trainer, model: Any, dataset: Dataset) -> float:
    """Mean multi-scale spectral loss over the trusted half-seconds held out, below 8 kHz."""
    profile, rows, size = dataset.profile, [], round(CROP_S * COMPARISON_RATE)
    for piece in dataset.held_out:
        pair = (run_log.synthesise(trainer, model, piece), piece.audio)
        ours, theirs = (soxr.resample(x, profile.sample_rate, COMPARISON_RATE) for x in pair)
        for start in range(0, min(len(ours), len(theirs)) - size, size):
            first = start * profile.frame_rate // COMPARISON_RATE
            if piece.weight[first : first + round(CROP_S * profile.frame_rate)].mean() >= TRUST:
                part = slice(start, start + size)
                rows.append(evaluation.multi_scale_spectral_loss(ours[part], theirs[part]))
    return float(np.mean(rows))


def run_step(step: str, dataset: Dataset, run: Path, seconds: float) -> dict[str, Any]:
    """Train for so many seconds of processor time, then measure: one line of the table.

    ``plain``; ``warm`` (+ the supervised start); ``network`` (+ ours: 48 kHz, 5 ms, our losses
    and schedule, plain torch); ``fast`` (+ the C loops). The datasets' profiles must fit.
    """
    usable = c_loops.usable
    if step != "fast":
        c_loops.usable = lambda tensor: False
    try:
        plan, kind = _planned(step, dataset, run, seconds)
        trainer = kind(dataset, run / step, plan, fresh=True, device="cpu")
        print(f"{step}: {plan.warm_steps} + {plan.steps} steps", flush=True)
        began = time.process_time()

        def report(progress: Progress) -> None:
            if time.process_time() - began > 1.5 * seconds:  # the estimate was far off
                raise TimeoutError

        try:
            model = trainer.train(report)
        except TimeoutError:
            model = trainer.best_model()
        spent = time.process_time() - began
    finally:
        c_loops.usable = usable
    if step in ("plain", "warm"):
        model = trainer.model.eval()
    return {
        "step": step,
        "loss": mean_loss(trainer, model, dataset),
        "steps": trainer.step,
        "cpu_s": round(spent, 1),
        "text": f"{step}, {trainer.step} steps, {spent / 60:.1f} minutes of one core",
    }


def run_to_the_end(
    dataset: Dataset,
    run: Path,
    steps: int,
    minutes: float,
    bfloat16: bool = False,
    processes: int = 1,
) -> dict[str, Any]:
    """Train the plain recipe for ``steps``, ``minutes`` of them now, going on from a checkpoint.

    Returns the line of the table for what has been trained. Raises KeyboardInterrupt (Ctrl-C,
    SIGTERM) after the checkpoint was written, and UserError for one of another run.
    """
    trainer = PlainTrainer(dataset, run / "to-the-end", plain_plan(steps), device="cpu")
    trainer.bfloat16 = bfloat16
    helper = (
        Helper(trainer, dataset, run / "helper")
        if processes == 2 and not trainer.finished
        else None
    )
    print(f"plain: step {trainer.step} of {steps}", flush=True)

    def report(progress: Progress) -> None:
        if progress.step % 100 == 0 or progress.step == steps:
            print(f"step {progress.step} of {steps}: loss {progress.loss:.3f}", flush=True)

    try:
        trainer.train(report, minutes)
    finally:
        if helper:
            helper.close()
    return {
        "step": "plain",
        "loss": mean_loss(trainer, trainer.model.eval(), dataset),
        "steps": trainer.step,
        "seconds": round(trainer.seconds, 1),
        "text": f"plain, {trainer.step} of {steps} steps, {trainer.seconds / 60:.1f} minutes",
    }


def _planned(step: str, dataset: Dataset, run: Path, seconds: float) -> tuple[Plan, type[Trainer]]:
    """Return a plan with as many steps as fit into the time, by timing a few."""
    kind: type[Trainer] = PlainTrainer if step in ("plain", "warm") else Trainer
    make = plain_plan if kind is PlainTrainer else _our_plan
    trial = kind(dataset, run / "trial", make(4, 4), fresh=True, device="cpu")
    marks = [time.process_time()]
    trial.held_out = trial.held_out[:1]
    trial.train(lambda _: marks.append(time.process_time()))
    warm_s, audio_s = min(np.diff(marks[:4])), min(np.diff(marks[4:8]))
    warm = 0 if step == "plain" else math.floor(0.3 * seconds / warm_s)
    return make(max(1, math.floor((seconds - warm * warm_s) / audio_s)), warm), kind


def _our_plan(steps: int, warm_steps: int) -> Plan:
    return replace(Plan.of(EDGE, steps=steps, warm_steps=warm_steps), patience=max(1, steps))


def main(words: list[str] | None = None) -> int:
    """Run the command that the module's docstring shows; 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.study.baseline")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", choices=sorted(RECIPES), required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/baseline"))
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=["plain"])
    parser.add_argument("--minutes", type=float, help="of one core's time, each (default: 10)")
    parser.add_argument(
        "--to-the-end",
        type=int,
        metavar="STEPS",
        help="so many of the plain recipe; where it is stopped (--minutes), it goes on",
    )
    whole = parser.add_argument_group("with --to-the-end")
    whole.add_argument("--bfloat16", action="store_true", help="for matrix products")
    whole.add_argument(
        "--processes", type=int, choices=(1, 2), default=1, help="2 share each batch"
    )
    parser.add_argument("--out", type=Path, default=Path("baseline.json"))
    parser.add_argument("--force", action="store_true", help="replace the file of --out")
    args = parser.parse_args(words)
    try:
        _run(args)
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; with --to-the-end the same command goes on", file=sys.stderr)
        return 130
    return 0


def _run(args: argparse.Namespace) -> None:
    if not args.force:
        check_new(args.out, "--out")
    torch.set_num_threads(1)
    keep_memory()
    recipe, rows = RECIPES[args.recipe], []
    if args.to_the_end is not None:
        dataset = prepare(args.folder, recipe, args.work / "cache", profile=VST)
        row = run_to_the_end(
            dataset,
            args.work,
            args.to_the_end,
            args.minutes or math.inf,
            args.bfloat16,
            args.processes,
        )
        print(f"{row['text']}: {row['loss']:.3f} below 8 kHz", flush=True)
        if row["steps"] == args.to_the_end:  # else the same command would find its own result
            write_atomically(args.out, json.dumps(row, indent=1).encode())
        return
    for step in args.steps:
        profile = VST if step in ("plain", "warm") else EDGE
        dataset = prepare(args.folder, recipe, args.work / "cache", profile=profile)
        rows.append(run_step(step, dataset, args.work, 60 * (args.minutes or 10.0)))
        print(f"{rows[-1]['text']}: {rows[-1]['loss']:.3f} below 8 kHz", flush=True)
        result = rows[0] | {"steps_compared": rows}
        write_atomically(args.out, json.dumps(result, indent=1).encode())


if __name__ == "__main__":
    sys.exit(main())
