"""The options of ``ddsp-edge train``, and what they mean: recipe, network, steps, command."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from ddsp_edge.calibration.calibrate import OVERRIDE
from ddsp_edge.errors import UserError
from ddsp_edge.training.recipes import RECIPES, Recipe


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give the parser of ``ddsp-edge train`` its folder and its options, in their groups."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="recordings: wav, flac, ogg, mp3, m4a, ..."
    )
    about = parser.add_argument_group("the instrument")
    about.add_argument("--name", help="name of the instrument, for instance Cello")
    about.add_argument(
        "--recipe",
        choices=sorted(RECIPES),
        metavar="NAME",
        help=f"use the settings of a shipped instrument: {', '.join(sorted(RECIPES))}",
    )
    about.add_argument(
        "--single-notes",
        action="store_true",
        help="the files are single notes; join them into phrases",
    )
    about.add_argument(
        "--lowest", type=float, default=40.0, metavar="HZ", help="lowest pitch in the recordings"
    )
    about.add_argument(
        "--highest",
        type=float,
        default=2000.0,
        metavar="HZ",
        help="highest pitch in the recordings",
    )
    about.add_argument("--licence", default="not stated", help="licence of the recordings")
    about.add_argument(
        "--attribution", default="", help="who played, and the source of the recordings"
    )
    about.add_argument(
        "--least-minutes",
        type=_positive,
        metavar="MIN",
        help="refuse recordings with fewer usable minutes (default: 2)",
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
        help="edge: for ddsp-edge, 48 kHz; vst: for the plug-in DDSP-VST, 16 kHz "
        "(default: %(default)s)",
    )
    made.add_argument(
        "--size",
        choices=("large", "small", "tiny"),
        help="small: 22,438 parameters, as the shipped instruments have; tiny: 6,822; large: "
        "82,566 (default: small; large for --profile vst and --sweep)",
    )
    made.add_argument(
        "--teacher",
        metavar="NAME|PATH|none",
        help="a large instrument from the same recordings that a small one learns from; without "
        "this option one is trained first",
    )
    made.add_argument("--quantize", choices=("int8", "float16", "none"), default="int8")
    made.add_argument("--float32-out", type=Path, help="also write the unquantized .tflite")
    made.add_argument(
        "--room", action="store_true", help="model the reverberation of the recordings separately"
    )
    made.add_argument(
        "--response",
        action="store_true",
        help="learn an impulse response of body and room that is played with the instrument; "
        "recordings in different subfolders of FOLDER count as made in different rooms, and each "
        "room has its own",
    )
    made.add_argument(
        "--response-of",
        metavar="ROOM",
        help="the subfolder whose room is played (default: the one with the most usable sound)",
    )
    made.add_argument(
        "--start",
        metavar="NAME|PATH",
        help="train on the small network of a finished instrument; no first stage, no teacher; "
        "where nothing was recorded its answers are kept",
    )
    made.add_argument(
        "--all-frames",
        action="store_true",
        help="hear everything in the second stage, joins and double stops too, not only where one "
        "pitch is clear",
    )
    made.add_argument(
        OVERRIDE, action="store_true", help="write it although a key fails (docs/models.md)"
    )
    made.add_argument(
        "--baseline",
        type=Path,
        metavar="JSON",
        help="another model's loss, which the model card compares with",
    )
    how = parser.add_argument_group("how long and where")
    how.add_argument(
        "--warm-steps",
        type=_count,
        help="steps of the first stage, which learns the controls (default: 6000 with a teacher, "
        "else 2500)",
    )
    how.add_argument(
        "--steps",
        type=_count,
        help="steps of the second stage, which learns the sound (default: 2500 with a teacher, "
        "else 6000)",
    )
    how.add_argument(
        "--teacher-warm-steps", type=_count, help="--warm-steps of the teacher (default: 2500)"
    )
    how.add_argument("--teacher-steps", type=_count, help="--steps of the teacher (default: 6000)")
    how.add_argument("--seed", type=_count, default=1)
    how.add_argument(
        "--minutes", type=_positive, help="stop after this time; the same command continues"
    )
    how.add_argument("--fresh", action="store_true", help="start again without the checkpoint")
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
        help="seconds between two checkpoints, at most 120 (default: %(default)g)",
    )
    how.add_argument(
        "--sample-every",
        type=_positive,
        default=300.0,
        metavar="S",
        help="seconds between two samples of the sound in the run folder (default: %(default)g)",
    )
    how.add_argument(
        "--report-only",
        action="store_true",
        help="prepare the recordings and write the report on them, then stop",
    )
    how.add_argument(
        "--sweep",
        action="append",
        metavar="KEY=V,V|FILE",
        help="try several values of a setting of the plan (needs Ray Tune); may be repeated; "
        "a TOML file holds such lists",
    )
    how.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run the sweep on this Ray cluster (HOST:PORT, or auto); all of its machines must see "
        "the run folder",
    )


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


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options name or describe. Raises UserError."""
    if args.recipe:
        if args.recipe not in RECIPES:
            raise UserError(f"--recipe {args.recipe}: there is {', '.join(sorted(RECIPES))}")
        return RECIPES[args.recipe]
    if not args.name or set(args.name) & set("/\\") or not args.name.isprintable():
        given = "" if args.name is None else f" {args.name!r}"
        raise UserError(f"--name{given}: give the instrument a name, without slashes")
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


def network_of(args: argparse.Namespace) -> tuple[str, bool]:
    """The network's size, and whether a teacher teaches it. Raises UserError."""
    vst = args.profile == "vst"
    size = args.size or ("large" if vst or args.sweep else "small")
    if vst and args.room:
        raise UserError("--room: a DDSP-VST file has no place for a room; leave it out")
    if vst and (args.response or args.start):
        raise UserError(
            "--response, --start: a DDSP-VST file has no place for them; leave them out"
        )
    if args.response_of is not None and not args.response:
        raise UserError("--response-of: says whose response is played; give --response too")
    if args.response and args.room:
        raise UserError("--response --room: both are the room; give one of them")
    if args.start and (size == "large" or args.teacher not in (None, "none")):
        raise UserError("--start: a large network is not trained on, nor one with a teacher")
    if vst and size != "large":
        raise UserError(f"--size {size}: a DDSP-VST file has one size; leave it out")
    if args.teacher == "none" or args.sweep or args.start:
        return size, False
    return size, size != "large" or args.teacher is not None


def steps_of(warm: int | None, steps: int | None, default: tuple[int, int]) -> tuple[int, int]:
    """Steps of the first and of the second stage; None is the default's."""
    return default[0] if warm is None else warm, default[1] if steps is None else steps


def command_of(args: argparse.Namespace) -> str:
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
    for option in ("warm-steps", "steps", "teacher-warm-steps", "teacher-steps"):
        value = getattr(args, option.replace("-", "_"))
        words += [f"--{option}", str(value)] if value is not None else []
    words += ["--seed", str(args.seed), "--quantize", args.quantize]
    words += ["--profile", args.profile] if args.profile != "edge" else []
    words += ["--room"] if args.room else []
    words += ["--response"] if args.response else []
    words += ["--response-of", args.response_of] if args.response_of is not None else []
    words += ["--start", os.path.basename(args.start)] if args.start else []
    words += ["--all-frames"] if args.all_frames else []
    words += ["--size", args.size] if args.size else []
    words += ["--teacher", os.path.basename(args.teacher)] if args.teacher else []
    return shlex.join(words)
