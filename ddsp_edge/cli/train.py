"""``ddsp-edge train FOLDER``: recordings to a bundle that plays."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.atomic_files import check_new, check_target, numbered
from ddsp_edge.training.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from ddsp_edge.bundles.metadata import Room
    from ddsp_edge.training.fit.trainer import Trainer
    from ddsp_edge.training.plan import Progress

PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "scipy", "tqdm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train an instrument from a folder of recordings",
        description="Recordings in FOLDER to a bundle. Running the same command again goes on "
        "where it was cut off.",
    )
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="recordings: wav, flac, ogg, mp3, m4a, ..."
    )
    about = parser.add_argument_group("the instrument")
    about.add_argument("--name", help="its name, for instance Cello")
    about.add_argument("--recipe", choices=sorted(RECIPES), help="as one of our own was made")
    about.add_argument("--single-notes", action="store_true", help="join the files into phrases")
    about.add_argument("--lowest", type=float, default=40.0, metavar="HZ", help="lowest pitch")
    about.add_argument("--highest", type=float, default=2000.0, metavar="HZ", help="highest pitch")
    about.add_argument("--licence", default="not stated", help="of the recordings")
    about.add_argument("--attribution", default="", help="who played, and where it is from")
    about.add_argument(
        "--least-minutes", type=_positive, metavar="MIN", help="refuse less usable material (2)"
    )
    made = parser.add_argument_group("what is made")
    made.add_argument(
        "--out",
        type=Path,
        help="the bundle (default: NAME.zip, with a number where that is taken)",
    )
    made.add_argument(
        "--force", action="store_true", help="replace the files of --out and --float32-out"
    )
    made.add_argument("--work", type=Path, help="run folder (default: runs/NAME)")
    made.add_argument(
        "--profile",
        choices=("edge", "vst"),
        default="edge",
        help="edge: ours, 48 kHz; vst: for the plug-in DDSP-VST, 16 kHz (default: %(default)s)",
    )
    made.add_argument(
        "--size",
        choices=("large", "small"),
        default="large",
        help="small: 22,438 parameters for 82,566; best with a --teacher (default: %(default)s)",
    )
    made.add_argument(
        "--teacher",
        metavar="NAME|PATH",
        help="an instrument from the same recordings to learn from",
    )
    made.add_argument("--quantize", choices=("int8", "float16", "none"), default="int8")
    made.add_argument("--float32-out", type=Path, help="also write the unquantized .tflite")
    made.add_argument(
        "--room", action="store_true", help="learn the recording's room apart from the instrument"
    )
    made.add_argument(
        "--baseline", type=Path, metavar="JSON", help="another model's loss, for the card"
    )
    how = parser.add_argument_group("how long and where")
    how.add_argument("--warm-steps", type=_count, default=2500, help="(default: %(default)s)")
    how.add_argument("--steps", type=_count, default=6000, help="(default: %(default)s)")
    how.add_argument("--seed", type=_count, default=1)
    how.add_argument("--minutes", type=_positive, help="stop after so long; run again to go on")
    how.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    how.add_argument("--threads", type=_count, help="CPU cores to use (default: all)")
    how.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto: a CUDA GPU where there is one (default: %(default)s)",
    )
    how.add_argument(
        "--checkpoint-every",
        type=_checkpoint,
        default=60.0,
        metavar="S",
        help="seconds, at most 120 (default: %(default)g)",
    )
    how.add_argument(
        "--sweep",
        action="append",
        metavar="KEY=V,V|FILE",
        help="try several values of a setting of the plan (needs Ray Tune); may be repeated; "
        "a TOML file holds such lists",
    )
    parser.set_defaults(run=run)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1000000")
    return value


def _checkpoint(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 120:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 0 to 120")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 10000000")
    return value


def _recipe(args: argparse.Namespace) -> Recipe:
    from ddsp_edge.training.recipes import Recipe

    if args.recipe:
        if args.recipe not in RECIPES:
            raise UserError(f"--recipe {args.recipe}: there is {', '.join(sorted(RECIPES))}")
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
    named = args.out or Path(f"{recipe.name.lower()}.zip")
    if args.warm_steps + args.steps == 0:
        raise UserError("--warm-steps 0 --steps 0: nothing to train")
    # All of them now: an hour of training must not end with a missing package.
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"training needs {', '.join(missing)}; install with: pip install 'ddsp-edge[train]'"
        )
    from ddsp_edge.training import profiles
    from ddsp_edge.training.data.dataset import prepare
    from ddsp_edge.training.data.recordings_report import LEAST_MINUTES, report
    from ddsp_edge.training.export.card import read_baseline
    from ddsp_edge.training.fit.devices import choose, use_threads
    from ddsp_edge.training.fit.run_log import RunLog
    from ddsp_edge.training.fit.teacher import Teacher
    from ddsp_edge.training.fit.trainer import Trainer
    from ddsp_edge.training.plan import Plan

    if args.threads:
        use_threads(args.threads)
    choose(args.device)
    profile = profiles.VST if args.profile == "vst" else profiles.EDGE
    if args.room and profile.name == "vst":
        raise UserError("--room: a DDSP-VST file has no place for a room; leave it out")
    if args.size != "large" and profile.name == "vst":
        raise UserError(f"--size {args.size}: a DDSP-VST file has one size; leave it out")
    teacher = Teacher.of(find_model(args.teacher), profile) if args.teacher else None
    baseline = read_baseline(args.baseline) if args.baseline else None
    # Now, not after an hour of training: what is there already is lost only by --force.
    _check_results(args, named)
    dataset = prepare(args.folder, recipe, run_folder / "cache", profile=profile)
    least = LEAST_MINUTES if args.least_minutes is None else args.least_minutes
    report(dataset, run_folder, least_minutes=least)
    plan = Plan.of(
        profile,
        warm_steps=args.warm_steps,
        steps=args.steps,
        seed=args.seed,
        room=args.room,
        size=args.size,
        teacher=teacher.text if teacher else "",
    )
    if args.sweep:
        from ddsp_edge.training.study.hyperparameters import sweep

        return sweep(dataset, run_folder, plan, args.sweep, args.device, args.minutes)
    trainer = Trainer(
        dataset, run_folder, plan, args.fresh, args.device, args.checkpoint_every, teacher
    )
    if 0 < trainer.step < trainer.total:
        print(f"going on from step {trainer.step}")
    log = RunLog(trainer, dataset)
    show = _progress(trainer.step, trainer.total)
    if trainer.finished:
        model = trainer.best_model()
    else:
        model = trainer.train(_both(show, log), args.minutes or float("inf"))
    if not trainer.finished:
        print(f"stopped at step {trainer.step} of {trainer.total}; run the same command to go on")
        return 0
    if trainer.step < trainer.total:
        print(f"no better held-out loss for {plan.patience} steps: done at step {trainer.step}")
    log.sample()
    from ddsp_edge.training.export.build import build_bundle
    from ddsp_edge.training.export.card import Training

    training = Training(
        dataset, recipe, plan, _command(args), trainer.seconds, baseline, _room(trainer)
    )
    # Another training may have written one of that name meanwhile.
    out = named if args.out or args.force else numbered(named)
    measured = build_bundle(model, training, out, args.quantize, args.float32_out)
    print(
        f"{out}: {measured.size_bytes} bytes of model, held-out loss "
        f"{measured.loss_float32:.3f} (float32), {measured.loss_quantized:.3f} ({args.quantize})"
    )
    return 0


def _check_results(args: argparse.Namespace, named: Path) -> None:
    """Refuse a place for the bundle that cannot be written, and files of earlier runs.

    Raises UserError.
    """
    check_target(named)
    if args.force or args.sweep:  # a sweep makes no bundle
        return
    if args.out is not None:
        check_new(args.out, "--out")
    if args.float32_out is not None:
        check_new(args.float32_out, "--float32-out")


def _room(trainer: Trainer) -> Room | None:
    """Return the learnt room, if any, after a line about it was printed."""
    from ddsp_edge.training.fit.room import LearntRoom

    if not isinstance(trainer.room, LearntRoom):
        return None
    room = trainer.room.as_room()
    if room is None:
        print("room: none that can be heard")
    else:
        print(f"room: {room.t60_s:.2f} s at 1 kHz, {room.level_db:.0f} dB beside the dry sound")
    return room


def _both(*reports: Callable[[Progress], None]) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        for one in reports:
            one(progress)

    return report


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
    if args.least_minutes is not None:
        words += ["--least-minutes", f"{args.least_minutes:g}"]
    words += ["--warm-steps", str(args.warm_steps), "--steps", str(args.steps)]
    words += ["--seed", str(args.seed), "--quantize", args.quantize]
    words += ["--profile", args.profile] if args.profile != "edge" else []
    words += ["--room"] if args.room else []
    words += ["--size", args.size] if args.size != "large" else []
    words += ["--teacher", os.path.basename(args.teacher)] if args.teacher else []
    return shlex.join(words)
