"""``ddsp-edge bench``: how fast, and against whom."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge bench [--json] [--analyser [--own] [--audio FOLDER]]`."""
    parser = subparsers.add_parser("bench", help="measure speed")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--analyser", action="store_true", help="how well and soon it hears pitch")
    parser.add_argument("--own", action="store_true", help="... without the other trackers")
    parser.add_argument("--audio", type=Path, metavar="FOLDER", help="... on these recordings too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises UserError."""
    if args.analyser:
        from ddsp_edge.analyser_bench.report import bench_analyser

        return bench_analyser(args.audio, args.own, args.json)
    from ddsp_edge.bench import Result, bench

    found = bench()
    results = found["results"]
    assert isinstance(results, list)
    if args.json:
        rows = [asdict(r) if isinstance(r, Result) else r for r in results]
        print(json.dumps({**found, "results": rows}, indent=2))
        return 0
    print(f"{found['processor']}, Python {found['python']}, best of several, one thread")
    for result in results:
        print(result)
    return 0
