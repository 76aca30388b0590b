"""``ddsp-edge bench``: how fast, and against whom."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge bench [--latency [...] | --analyser [...]] [--json] [--history FILE] ...`."""
    parser = subparsers.add_parser("bench", help="measure the speed of every part")
    parser.add_argument(
        "--latency", action="store_true", help="measure the time from a key or tone to its sound"
    )
    parser.add_argument(
        "--model",
        default="violin",
        metavar="NAME|PATH",
        help="with --latency: the model that plays",
    )
    parser.add_argument(
        "--card",
        metavar="CARD",
        help="with --latency: the sound card; without it a card's pace is simulated",
    )
    parser.add_argument(
        "--period",
        type=int,
        default=128,
        metavar="SAMPLES",
        help="with --latency: samples in a period",
    )
    parser.add_argument(
        "--count", type=int, default=100, help="with --latency: number of measurements"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument(
        "--analyser", action="store_true", help="measure accuracy and delay of the pitch tracker"
    )
    parser.add_argument(
        "--own", action="store_true", help="with --analyser: leave out the other trackers"
    )
    parser.add_argument(
        "--audio",
        type=Path,
        metavar="FOLDER",
        help="with --analyser: also measure on these recordings",
    )
    parser.add_argument(
        "--only", default="", metavar="SUBJECT,...", help="measure these subjects alone"
    )
    parser.add_argument(
        "--history", type=Path, metavar="FILE", help="append the results to FILE as a line of JSON"
    )
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="draw the figures over time into FOLDER"
    )
    parser.add_argument(
        "--docs", type=Path, metavar="FILE", help="update the tables in this Markdown file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the benchmarks and print or store the results. Raises UserError."""
    if args.latency:
        return _latency(args)
    if args.analyser:
        from ddsp_edge.bench.analyser.report import bench_analyser

        return bench_analyser(args.audio, args.own, args.json)
    return _speed(args)


def _speed(args: argparse.Namespace) -> int:
    from ddsp_edge.bench import bench, curves, history, table

    only = [name.strip() for name in args.only.split(",") if name.strip()]
    found = bench(only, lambda what: print(f"measuring: {what}", file=sys.stderr, flush=True))
    if args.json:
        print(json.dumps(history.plain(found), indent=2))
    else:
        print("\n".join(table.lines(found)))
    if args.history:
        history.append(args.history, found)
    if args.images:
        curves.draw(found, args.images)
    if args.docs:
        table.into(args.docs, found)
    return 0


def _latency(args: argparse.Namespace) -> int:
    from ddsp_edge.cards.settings import CardSettings
    from ddsp_edge.errors import UserError
    from ddsp_edge.library.catalog import find_model
    from ddsp_edge.live.latency import VST_TIMER_MS, VST_WINDOW_MS, measure

    if args.count < 1:
        raise UserError(f"--count {args.count}: choose 1 or more")
    settings = CardSettings(args.card, period=args.period)
    results = measure(find_model(args.model), settings if args.card else None, args.count)
    if args.json:
        print(json.dumps({"unit": "ms", "results": [asdict(r) for r in results]}, indent=2))
        return 0
    print(f"{'milliseconds':<54} {'p50':>7} {'p95':>7} {'most':>7}   (count)")
    for result in results:
        print(result)
    print(
        f"DDSP-VST by design, before any buffer: up to {VST_TIMER_MS:g} for a note, "
        f"{VST_WINDOW_MS:g} + up to {VST_TIMER_MS:g} for a tone"
    )
    return 0
