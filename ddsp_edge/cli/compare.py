"""``ddsp-edge compare TUNE.mid``: this instrument, a sampled and a physical one, on one page."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge compare [TUNE.mid | --audio IN.wav] [...]` with its options."""
    parser = subparsers.add_parser(
        "compare",
        help="hear a tune on this, a sampled and a physical instrument, side by side",
        description="Play a MIDI file on a model, on a model of DDSP-VST (where one is installed), "
        "on General MIDI's sound font (Debian: fluidsynth fluid-soundfont-gm) and on a physical "
        "model (Debian: stk), equally loud, and write a page to hear, see and judge them, blind "
        "too. With --audio a recording is converted instead.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("source", nargs="?", type=Path, metavar="TUNE.mid", help="a MIDI file")
    what.add_argument(
        "--audio", type=Path, metavar="IN.wav", help="a recording: wav, flac, ogg, mp3 or aiff"
    )
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="name (`ddsp-edge models list`) or file of a model (default: what the MIDI file's "
        "first program asks for, else the violin)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("compare"), metavar="FOLDER", help="default: compare"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="settings of the models, as of `ddsp-edge render`",
    )
    parser.add_argument("--no-picture", action="store_true", help="do without matplotlib")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page and print the figures. Raises UserError."""
    from ddsp_edge.compare.comparison import compare
    from ddsp_edge.compare.versions import model_for
    from ddsp_edge.errors import UserError
    from ddsp_edge.library.catalog import find_model
    from ddsp_edge.offline.plot import pyplot
    from ddsp_edge.offline.rendering import is_midi
    from ddsp_edge.settings import parse_settings
    from ddsp_edge.system.input_file import check_input

    source = check_input(args.source or args.audio)
    if args.source and not is_midi(source):
        raise UserError(f"{source}: is no MIDI file; for a recording: --audio {source}")
    if args.audio and is_midi(source):
        raise UserError(f"{source}: is a MIDI file; leave --audio out")
    if not args.no_picture:
        pyplot()
    settings = parse_settings(args.set)
    named = {word.split("=", 1)[0].strip() for word in args.set}
    model = args.model or model_for(source)
    say = (lambda _: None) if args.json else (lambda line: print(line, flush=True))
    bundle = find_model(model)
    made = compare(
        source,
        bundle,
        Path(model).stem if Path(model).suffix else model,
        args.out,
        {name: getattr(settings, name) for name in named},
        not args.no_picture,
        say,
    )
    if args.json:
        versions = [
            {
                "key": v.key,
                "title": v.title,
                "missing": v.missing or None,
                "out": None if v.missing else str(args.out / f"{v.key}.wav"),
                "figures": {
                    row.text: row.values[v.key]
                    for row in made.rows
                    if not math.isnan(row.values.get(v.key, math.nan))
                },
            }
            for v in made.versions
        ]
        print(json.dumps({"page": str(made.page), "versions": versions}, indent=2))
        return 0
    for version in made.versions:
        print(f"{version.title}: {version.missing or f'{version.key}.wav'}")
    for row in made.rows:
        values = (
            f"{version.key} {row.values[version.key]:.{row.digits}f}"
            for version in made.versions
            if not math.isnan(row.values.get(version.key, math.nan))
        )
        print(f"  {row.text}: {', '.join(values)}")
    print(f"hear, see and judge them: {made.page}")
    return 0
