"""``ddsp-edge demo``: a sung phrase as a violin, a MIDI tune as a cello; ``--all``: everything."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge demo [--all] [--out FOLDER] [...]` with its options."""
    parser = subparsers.add_parser(
        "demo", help="render a sung phrase as a violin and a MIDI tune as a cello"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="render every transformation, tune and instrument, with a page to hear and see them",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out"),
        metavar="FOLDER",
        help="folder of the files, which replace those of an earlier demo (default: out)",
    )
    parser.add_argument(
        "--no-play", action="store_true", help="write the files without playing them"
    )
    parser.add_argument(
        "--no-picture",
        action="store_true",
        help="draw no picture, which needs no matplotlib",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render the demo; return 1 where a figure misses its limit, else 0. Raises UserError."""
    from ddsp_edge.demo import TUNE, VOICE, acceptance
    from ddsp_edge.offline.plot import check_picture, draw
    from ddsp_edge.offline.rendering import render_file

    begun = time.perf_counter()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{args.out}: cannot be made ({error.strerror})") from None
    if not args.no_picture:
        check_picture(args.out / "x.png")
    if args.all:
        return _all(args)
    pieces = []
    for source, model, name, figures_of in (
        (VOICE, "violin", "voice-as-violin", acceptance.voice_figures),
        (TUNE, "cello", "tune-on-cello", acceptance.tune_figures),
    ):
        if not args.json:
            print(f"rendering {source.name} on the {model} ...", flush=True)
        report = render_file(source, model, args.out / f"{name}.wav", overwrite=True)
        figures = figures_of(report)
        figures += [acceptance.silence_figure(report), *acceptance.timed_figures(report)]
        picture = None
        if not args.no_picture:
            picture = args.out / f"{name}.png"
            draw(report, picture)
        pieces.append((report, picture, figures))
    took = time.perf_counter() - begun
    met = all(figure.passed for _, _, figures in pieces for figure in figures)
    if args.json:
        rows = [
            {
                "source": report.source.name,
                "model": report.model.name,
                "out": str(report.out),
                "picture": str(picture) if picture else None,
                "duration_s": report.duration_s,
                "render_s": report.render_s,
                "figures": [asdict(f) | {"met": f.met} for f in figures],
            }
            for report, picture, figures in pieces
        ]
        print(json.dumps({"met": met, "took_s": took, "pieces": rows}, indent=2))
    else:
        for report, picture, figures in pieces:
            files = ", ".join(str(path) for path in (report.out, picture) if path)
            print(
                f"\n{report.source.name} on {report.model.name}: {report.duration_s:.1f} s made in "
                f"{report.render_s:.2f} s -> {files}"
            )
            for figure in figures:
                print(f"  {figure}")
        verdict = "every figure within its limit" if met else "a figure MISSED its limit"
        print(f"\n{verdict}; {took:.1f} s in all, with measuring and pictures")
    if not args.no_play:
        _play([report.out for report, _, _ in pieces if report.out], quiet=args.json)
    return 0 if met else 1


def _all(args: argparse.Namespace) -> int:
    from ddsp_edge.demo.gallery import instruments, make
    from ddsp_edge.demo.page import check_page, write_page

    check_page(args.out)
    models = instruments(args.out)
    say = (lambda _: None) if args.json else (lambda line: print(line, flush=True))
    pieces = make(args.out, models, not args.no_picture, say)
    page = write_page(args.out, pieces, models, _comparison(args, say))
    made = [piece for piece in pieces if piece.report]
    met = all(piece.met for piece in made)
    if args.json:
        rows = [
            {
                "name": piece.entry.name,
                "model": piece.entry.model,
                "problem": piece.problem or None,
                "out": str(piece.report.out) if piece.report else None,
                "figures": [asdict(f) | {"met": f.met} for f in piece.figures],
            }
            for piece in pieces
        ]
        print(json.dumps({"met": met, "page": str(page), "pieces": rows}, indent=2))
        return 0 if met else 1
    for piece in made:
        for figure in piece.judged:
            if not figure.met:
                print(f"{piece.entry.title}: {figure}")
    left = [piece.entry.title for piece in pieces if piece.problem]
    if left:
        print(f"not made, the model is missing: {', '.join(left)}")
    print(f"{len(made)} pieces of {len(models)} instruments; hear and see them: {page}")
    return 0 if met else 1


def _comparison(args: argparse.Namespace, say: Callable[[str], None]) -> str:
    """The tune beside a sampled and a physical cello: the name of its page; "" without a cello."""
    from ddsp_edge.compare.comparison import compare
    from ddsp_edge.demo import TUNE
    from ddsp_edge.library.catalog import find_model

    try:
        cello = find_model("cello")
    except UserError as error:
        say(f"Side by side: left out: {error}")
        return ""
    say("Side by side ...")
    made = compare(
        TUNE,
        cello,
        "cello",
        args.out,
        pictures=not args.no_picture,
        say=lambda _: None,
        page="compare.html",
        prefix="compare-",
    )
    for version in made.versions:
        if version.missing:
            say(f"  {version.title}: left out: {version.missing}")
    return made.page.name


def _play(files: list[Path], quiet: bool) -> None:
    cards = Path("/proc/asound/cards")
    has_card = cards.exists() and "no soundcards" not in cards.read_text()
    player = shutil.which("aplay")
    if not has_card or player is None:
        if not quiet:
            missing = "no sound card here" if not has_card else "no aplay here (apt: alsa-utils)"
            print(f"{missing}: play the files where there is one")
        return
    for file in files:
        if not quiet:
            print(f"playing {file}")
        if subprocess.run([player, "-q", str(file)], check=False).returncode != 0:
            print("aplay could not play it; see the line above")
            return
