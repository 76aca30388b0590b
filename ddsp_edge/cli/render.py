"""Add the command ``ddsp-edge render IN --model NAME`` with its options."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ddsp_edge.settings import SETTINGS, parse_settings


def _rate(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of Hz") from None


def settings_help() -> str:
    """The table of settings, for the end of a command's --help."""
    lines = (
        f"  {name:<15} {s.range}".ljust(40) + f" (default {s.default}) {s.doc}"
        for name, s in SETTINGS.items()
    )
    return "settings of --set:\n" + "\n".join(lines)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge render IN --model NAME [...]` with its options."""
    parser = subparsers.add_parser(
        "render",
        help="play a recording or a MIDI file on a model, into a file",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="IN", help="wav, flac, ogg, mp3, aiff or mid")
    parser.add_argument("--model", required=True, metavar="NAME|PATH", help="see: models list")
    parser.add_argument(
        "--morph-model",
        metavar="NAME|PATH",
        help="another model; --set morph=0.5 is half way to it",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="OUT.wav",
        help="wav or flac, 24 bit (default: IN-MODEL.wav here, with a number where that is taken)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the files of --out and --picture"
    )
    parser.add_argument("--rate", type=_rate, default=48_000, metavar="HZ", help="of the output")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, see below"
    )
    parser.add_argument("--picture", type=Path, metavar="OUT.png", help="draw what happened")
    parser.add_argument("--runtime", choices=("litert", "tflite-runtime"), help="of the model")
    parser.add_argument("--seed", type=int, default=1, help="of the noise")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render the input into a file. Raises UserError."""
    settings = parse_settings(args.set)
    from ddsp_edge.errors import UserError
    from ddsp_edge.evaluation import peak_dbfs
    from ddsp_edge.offline.rendering import render_file

    if not 0 <= args.seed < 1 << 32:
        raise UserError(f"--seed {args.seed}: choose 0 to {(1 << 32) - 1}")
    if settings.morph and args.morph_model is None:
        raise UserError("--set morph: say to which model; for instance --morph-model cello")
    report = render_file(
        args.source,
        args.model,
        args.out,
        args.rate,
        settings,
        args.picture,
        args.runtime,
        args.seed,
        args.morph_model,
        args.force,
    )
    facts = {
        "out": str(report.out),
        "picture": str(args.picture) if args.picture else None,
        "model": report.model.name,
        "rate_hz": report.rate,
        "duration_s": round(report.duration_s, 3),
        "peak_dbfs": round(peak_dbfs(report.sound), 2),
        "lowered_db": round(report.lowered_db, 2),
        "input_clips": report.input_clips,
        "notes": len(report.performance.notes) if report.performance else None,
        "skipped_drum_messages": report.performance.skipped if report.performance else None,
        "remarks": report.remarks,
        "load_s": round(report.load_s, 3),
        "render_s": round(report.render_s, 3),
        "real_time_factor": round(report.real_time_factor, 1),
    }
    if args.json:
        print(json.dumps(facts, indent=2))
        return 0
    print(
        f"{args.source} on {report.model.name} -> {report.out}: {report.duration_s:.1f} s, "
        f"peak {facts['peak_dbfs']:.1f} dBFS, {report.real_time_factor:.0f} x real time"
    )
    if report.lowered_db:
        print(f"turned down by {report.lowered_db:.1f} dB so as not to clip (--set output_gain)")
    if report.input_clips:
        print(f"the input clips: {report.input_clips} samples (record softer; input_trim)")
    for remark in report.remarks:
        print(f"{args.source}: {remark}")
    if report.performance and report.performance.skipped:
        print("the drums' channel (10) was left out")
    if args.picture:
        print(f"picture: {args.picture}")
    return 0
