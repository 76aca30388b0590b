"""Add the command ``ddsp-edge render IN`` with its options."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddsp_edge.cli.progress import ProgressBar
from ddsp_edge.cli.render_band import run_band
from ddsp_edge.settings import SETTINGS, Settings, parse_settings

if TYPE_CHECKING:
    from ddsp_edge.offline.report import RenderReport
    from ddsp_edge.presets.scala import KeyPitches


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


def add_tuning(parser: argparse.ArgumentParser) -> None:
    """Add the options of a Scala tuning."""
    parser.add_argument(
        "--scale", type=Path, metavar="FILE.scl", help="Scala scale that MIDI keys are tuned to"
    )
    parser.add_argument(
        "--keyboard-map",
        type=Path,
        metavar="FILE.kbm",
        help="Scala keyboard map for --scale (default: key 60 is the scale's first note)",
    )


def tuning_of(args: argparse.Namespace) -> KeyPitches | None:
    """Read the tuning that the options name. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.presets.scala import read_key_pitches

    if args.scale is None:
        if args.keyboard_map is not None:
            raise UserError("--keyboard-map: give its --scale too")
        return None
    return read_key_pitches(args.scale, args.keyboard_map)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge render IN [...]` with its options."""
    parser = subparsers.add_parser(
        "render",
        help="play a recording or a MIDI file on a model and write a sound file",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        metavar="IN",
        help="wav, flac, ogg, mp3, aiff or mid; a folder of them; - is the standard input",
    )
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="name (`ddsp-edge models list`) or file of a model, which plays all channels of a "
        "MIDI file (default: a MIDI file is played as the band that it was written for)",
    )
    parser.add_argument(
        "--band",
        type=Path,
        metavar="FILE.toml",
        help="mapping file: which model a MIDI program or channel gets (docs/band.md)",
    )
    parser.add_argument(
        "--morph-model",
        metavar="NAME|PATH",
        help="second model of a morph; --set morph=0.5 is half way to it",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="OUT.wav",
        help="wav or flac, 24 bit; - is the standard output (default: IN-MODEL.wav here, with a "
        "number where that is taken; of a folder the folder IN-MODEL)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the files of --out and --picture"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=48_000,
        metavar="HZ",
        help="sample rate of the output (default: 48000)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one of the settings below; in a band CHANNEL.KEY=VALUE too, for instance "
        "3.model=cello or 3.level=-6",
    )
    add_tuning(parser)
    parser.add_argument(
        "--fit",
        action="store_true",
        help="move the recording's range into the model's, as `ddsp-edge fit` does; what --set "
        "says is kept",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="OUT.png",
        help="draw input, output and loudness",
    )
    parser.add_argument(
        "--runtime",
        choices=("litert", "tflite-runtime"),
        help="what executes the model's network (default: C where it can, else LiteRT)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="seed of noise and expression; the same seed gives the same file",
    )
    parser.add_argument(
        "--read-ahead",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="shape the notes of a MIDI file by their length and phrase (default); without it they "
        "are played as live and in the LV2 plug-in, where nobody knows what follows",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render a file, a folder or the standard input. Raises UserError."""
    from ddsp_edge.presets.parts import parsed, split_assignments

    args.set, of_channels = split_assignments(args.set)
    settings = parse_settings(args.set)
    args.of_channels = [(number, parsed(each, "--set")) for number, each in of_channels]
    from ddsp_edge.errors import UserError
    from ddsp_edge.library.catalog import find_model
    from ddsp_edge.offline.pipes import standard_input, standard_output

    if not 0 <= args.seed < 1 << 32:
        raise UserError(f"--seed {args.seed}: choose 0 to {(1 << 32) - 1}")
    if settings.morph and args.morph_model is None:
        raise UserError("--set morph: say to which model; for instance --morph-model cello")
    if args.model is not None and (args.band or of_channels):
        raise UserError("--model: one model plays all channels; leave it out for a band")
    args.settings, args.key_pitches = settings, tuning_of(args)
    args.bundle = find_model(args.model) if args.model is not None else None
    if args.source != "-" and Path(args.source).is_dir():
        if args.bundle is None:
            raise UserError(f"{args.source}: is a folder; name what plays it: --model violin")
        return _run_folder(args)
    with contextlib.ExitStack() as pipes:
        source = Path(args.source)
        if args.source == "-":
            source = pipes.enter_context(standard_input())
        out: Path | None = args.out
        to_stdout = str(out) == "-" or (args.source == "-" and out is None)
        if to_stdout:
            if args.json:
                raise UserError("--json: the standard output is the sound's; name another --out")
            out = pipes.enter_context(standard_output())
        if args.bundle is None:
            run_band(args, source, out, to_stdout)
            return 0
        report = _render(args, source, out)
        say = sys.stderr if to_stdout else sys.stdout
        if args.json:
            print(json.dumps(_facts(args, report), indent=2))
        else:
            name = "-" if to_stdout else str(report.out)
            print(f"{args.source} on {_line(report, name)}", file=say)
            for line in _remarks(args, report):
                print(line, file=say)
    return 0


def _render(args: argparse.Namespace, source: Path, out: Path | None) -> RenderReport:
    """Render one file as the options say. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.offline.rendering import is_midi, render_file

    settings = args.settings
    if args.fit:
        if is_midi(source):
            raise UserError(f"{source}: --fit is for recordings; a MIDI file has no range to move")
        settings = _fitted(args, source)
    return render_file(
        source,
        args.bundle,
        out,
        args.rate,
        settings,
        args.picture,
        args.runtime,
        args.seed,
        args.morph_model,
        args.force,
        args.key_pitches,
        args.read_ahead,
    )


def _fitted(args: argparse.Namespace, source: Path) -> Settings:
    """Return the settings of --set, and auto-fit's where --set names none. Raises UserError."""
    from ddsp_edge.cli.fit import fit_of

    found = fit_of(source, args.bundle.info, args.settings).settings
    named = {word.split("=", 1)[0].strip() for word in args.set}
    chosen = {name: value for name, value in found.items() if name not in named}
    words = " ".join(f"{name}={value:g}" for name, value in chosen.items() if value)
    print(f"{source}: fitted: {words or 'nothing to move'}", file=sys.stderr)
    return args.settings.changed(chosen)


def _run_folder(args: argparse.Namespace) -> int:
    """Each file of a folder; exit code 2 where some were refused. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.offline.batch import BatchReport, inputs, render_folder
    from ddsp_edge.offline.rendering import default_out, is_midi

    if args.picture or args.json or str(args.out) == "-":
        raise UserError(
            f"{args.source}: is a folder; --picture, --json and --out - are of one file"
        )
    source = Path(args.source)
    out = args.out or default_out(source.absolute(), args.bundle.info).with_suffix("")
    fit = args.fit

    def play(each: Path, target: Path) -> RenderReport:
        args.fit = fit and not is_midi(each)
        return _render(args, each, target)

    report, told = BatchReport(), 0
    with ProgressBar(len(inputs(source)), "file") as bar:
        for report in render_folder(source, out, play, args.force):
            bar.update()
            for each, reason in list(report.refused.items())[told:]:
                bar.write(reason if str(each) in reason else f"{each}: {reason}")
            told = len(report.refused)
    print(f"{source} on {args.bundle.info.name} -> {out}: {len(report.done)} files, "
          f"{report.seconds:.0f} s of sound")  # fmt: skip
    if report.there:
        print(f"{len(report.there)} were there already and are kept (--force makes them again)")
    if report.refused:
        print(f"{len(report.refused)} could not be played, see above")
    return 2 if report.refused else 0


def _facts(args: argparse.Namespace, report: RenderReport) -> dict[str, Any]:
    """Return what --json prints: plain values by name."""
    from ddsp_edge.evaluation import peak_dbfs

    return {
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


def _line(report: RenderReport, out: str) -> str:
    from ddsp_edge.evaluation import peak_dbfs

    return (
        f"{report.model.name} -> {out}: {report.duration_s:.1f} s, "
        f"peak {peak_dbfs(report.sound):.1f} dBFS, {report.real_time_factor:.0f} x real time"
    )


def _remarks(args: argparse.Namespace, report: RenderReport) -> Iterator[str]:
    """Yield what the user should know about a rendering, a line each."""
    if report.lowered_db:
        yield f"turned down by {report.lowered_db:.1f} dB so as not to clip (--set output_gain)"
    if report.input_clips:
        yield f"the input clips: {report.input_clips} samples (record softer; input_trim)"
    for remark in report.remarks:
        yield f"{args.source}: {remark}"
    if report.performance and report.performance.skipped:
        yield "the drums' channel (10) was left out"
    if args.picture:
        yield f"picture: {args.picture}"
