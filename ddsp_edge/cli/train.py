"""``ddsp-edge train FOLDER``: recordings to a bundle that plays."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ddsp_edge.errors import UserError

if TYPE_CHECKING:
    from ddsp_edge.training.recipes import Recipe
    from ddsp_edge.training.trainer import Progress

PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "scipy", "tqdm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train an instrument from a folder of recordings",
        description="Recordings in FOLDER to a bundle. Running the same command again goes on "
        "where it was cut off.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="wav, flac, ogg, mp3 or aiff")
    parser.add_argument("--name", help="the instrument's name, for instance Cello")
    parser.add_argument("--recipe", choices=("violin", "cello"), help="as our own were made")
    parser.add_argument("--out", type=Path, help="the bundle (default: NAME.zip)")
    parser.add_argument("--work", type=Path, help="run folder (default: runs/NAME)")
    parser.add_argument("--single-notes", action="store_true", help="join the files into phrases")
    parser.add_argument("--lowest", type=float, default=40.0, metavar="HZ", help="lowest pitch")
    parser.add_argument("--highest", type=float, default=2000.0, metavar="HZ", help="highest pitch")
    parser.add_argument("--licence", default="not stated", help="of the recordings")
    parser.add_argument("--attribution", default="", help="who played, and where it is from")
    parser.add_argument("--warm-steps", type=_count, default=2500, help="(default: %(default)s)")
    parser.add_argument("--steps", type=_count, default=6000, help="(default: %(default)s)")
    parser.add_argument("--seed", type=_count, default=1)
    parser.add_argument("--minutes", type=float, help="stop after so long; run again to go on")
    parser.add_argument("--threads", type=_count, help="CPU cores to use (default: all)")
    parser.add_argument("--quantize", choices=("int8", "float16", "none"), default="int8")
    parser.add_argument("--float32-out", type=Path, help="also write the unquantized .tflite")
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 10000000")
    return value


def _recipe(args: argparse.Namespace) -> Recipe:
    from ddsp_edge.training.recipes import RECIPES, Recipe

    if args.recipe:
        return RECIPES[args.recipe]
    if not args.name or set(args.name) & set("/\\") or not args.name.isprintable():
        raise UserError(f"--name {args.name!r}: give the instrument a name without slashes")
    if not 40 <= args.lowest < args.highest <= 2000:
        raise UserError(
            f"--lowest {args.lowest:g} --highest {args.highest:g}: a range within 40 to 2000 Hz"
        )
    return Recipe(
        args.name,
        args.folder.name,
        args.single_notes,
        args.lowest,
        args.highest,
        args.licence,
        args.attribution or f"Trained on recordings in the folder {args.folder.name}",
    )


def run(args: argparse.Namespace) -> int:
    recipe = _recipe(args)
    run_folder = args.work or Path("runs") / recipe.name.lower()
    out = args.out or Path(f"{recipe.name.lower()}.zip")
    if args.warm_steps + args.steps == 0:
        raise UserError("--warm-steps 0 --steps 0: nothing to train")
    # All of them now: an hour of training must not end with a missing package.
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"training needs {', '.join(missing)}; install with: pip install 'ddsp-edge[train]'"
        )
    import torch

    from ddsp_edge.training.dataset import prepare
    from ddsp_edge.training.trainer import Plan, Trainer

    if args.threads:
        torch.set_num_threads(args.threads)
    dataset = prepare(args.folder, recipe, run_folder / "cache")
    summary = dataset.summary
    print(
        f"{recipe.name}: {dataset.minutes():.1f} minutes, {summary['usable_minutes']:.1f} usable; "
        f"{summary['f0_low_hz']:.0f} to {summary['f0_high_hz']:.0f} Hz, "
        f"{summary['loudness_low_db']:.0f} to {summary['loudness_high_db']:.0f} dB"
    )
    plan = Plan(warm_steps=args.warm_steps, steps=args.steps, seed=args.seed)
    trainer = Trainer(dataset, run_folder, plan, fresh=args.fresh)
    if 0 < trainer.step < trainer.total:
        print(f"going on from step {trainer.step}")
    model = trainer.train(_progress(trainer.step, trainer.total), args.minutes or float("inf"))
    if not trainer.finished:
        print(f"stopped at step {trainer.step} of {trainer.total}; run the same command to go on")
        return 0
    from ddsp_edge.training.build import build_bundle

    measured = build_bundle(
        model,
        dataset,
        recipe,
        plan,
        out,
        args.quantize,
        _command(args),
        args.float32_out,
    )
    print(
        f"{out}: {measured.size_bytes} bytes of model, held-out loss "
        f"{measured.loss_float32:.3f} (float32), {measured.loss_quantized:.3f} ({args.quantize})"
    )
    return 0


def _progress(first: int, total: int):  # type: ignore[no-untyped-def]
    """A progress bar on a terminal, a line every hundred steps elsewhere."""
    from tqdm import tqdm

    bar = tqdm(total=total, initial=first, unit="step", disable=not sys.stderr.isatty())
    held = float("nan")

    def report(progress: Progress) -> None:
        nonlocal held
        held = progress.held_out if progress.held_out is not None else held
        bar.update()
        bar.set_postfix_str(f"{progress.stage} loss {progress.loss:.3f}, held out {held:.3f}")
        if bar.disable and (progress.step % 100 == 0 or progress.step == total):
            print(
                f"step {progress.step} of {total} ({progress.stage}): loss {progress.loss:.4f}, "
                f"held out {held:.4f}",
                flush=True,
            )
        if progress.step == total:
            bar.close()

    return report


def _command(args: argparse.Namespace) -> str:
    """What remakes the model; the folder's name only, not where it lay."""
    words = ["ddsp-edge", "train", os.path.basename(os.path.abspath(args.folder))]
    if args.recipe:
        words += ["--recipe", args.recipe]
    else:
        words += ["--name", args.name, "--lowest", f"{args.lowest:g}"]
        words += ["--highest", f"{args.highest:g}"]
        words += ["--single-notes"] if args.single_notes else []
    words += ["--warm-steps", str(args.warm_steps), "--steps", str(args.steps)]
    words += ["--seed", str(args.seed), "--quantize", args.quantize]
    return shlex.join(words)
