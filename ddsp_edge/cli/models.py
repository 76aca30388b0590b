"""ddsp-edge models: what is installed, what a model says about itself, whether a file is good."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.library import entries, find_model
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.runtimes import usable_runtimes
from ddsp_edge.trial import try_model


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge models list | info NAME | check PATH`."""
    parser = subparsers.add_parser("models", help="list, describe or check models")
    actions = parser.add_subparsers(required=True, metavar="list | info | check")
    listing = actions.add_parser("list", help="the models that --model can name")
    listing.set_defaults(run=run, action=_list)
    info = actions.add_parser("info", help="what a model is: data, licence, sizes, range")
    info.add_argument("model", metavar="NAME", help="name or path of a model")
    info.set_defaults(run=run, action=_info)
    check = actions.add_parser("check", help="check a file and try it; exit code 2 if it is bad")
    check.add_argument("model", metavar="PATH", help="path or name of a model")
    check.set_defaults(run=run, action=_check)
    for each in (listing, info, check):
        each.add_argument("--json", action="store_true", help="print JSON for programs")


def run(args: argparse.Namespace) -> int:
    """Exit code 0; `check` gives 2 for a bad file. Raises UserError."""
    return int(args.action(args))


def _list(args: argparse.Namespace) -> int:
    found = entries()
    if args.json:
        rows = [
            {
                "name": entry.name,
                "origin": entry.origin,
                "path": str(entry.path),
                "ok": entry.info is not None,
                "problem": entry.problem,
                "metadata": entry.info.as_json() if entry.info else None,
            }
            for entry in found
        ]
        print(json.dumps(rows, indent=2))
        return 0
    for entry in found:
        if entry.info is None:
            print(f"{entry.name:<16} cannot be used: {entry.problem}")
        else:
            print(f"{entry.name:<16} {_summary(entry.info)}  [{entry.origin}]")
    if not found:
        print("no models are installed; give --model the path of a bundle")
    return 0


def _summary(info: ModelInfo) -> str:
    kind = "" if info.profile == "edge" else "DDSP-VST, "
    return (
        f"{kind}{info.sample_rate / 1000:g} kHz, {1000 * info.hop_s:g} ms, "
        f"{info.min_pitch_hz:.0f} to {info.max_pitch_hz:.0f} Hz, {info.licence}"
    )


def _info(args: argparse.Namespace) -> int:
    bundle = find_model(args.model)
    info = bundle.info
    if args.json:
        row = {"path": str(bundle.path), **info.as_json(), "card": bundle.card}
        print(json.dumps({**row, "size_bytes": len(bundle.model)}, indent=2))
        return 0
    print(f"{info.name}  ({bundle.path})")
    for label, text in (
        ("format", "DDSP-VST" if info.profile == "vst" else "ddsp-edge"),
        ("rate", f"{info.sample_rate} Hz, a control frame every {1000 * info.hop_s:g} ms"),
        ("sound", f"{info.n_harmonics} harmonics, {info.n_noise} noise bands"),
        ("network", f"state of {info.state_size}, {info.quantization}, {len(bundle.model)} bytes"),
        (
            "pitch",
            f"{info.min_pitch_hz:.1f} to {info.max_pitch_hz:.1f} Hz "
            f"(MIDI {info.min_pitch_note:.1f} to {info.max_pitch_note:.1f})",
        ),
        ("loudness", f"{info.min_loudness_db:.1f} to {info.max_loudness_db:.1f} dB"),
        ("attack", f"{1000 * info.attack_s:.0f} ms"),
        ("licence", info.licence),
        ("from", info.attribution),
        ("made", f"{info.export_time} by {info.version}".strip()),
    ):
        print(f"  {label:<9} {text}")
    if bundle.card:
        print(f"\n{bundle.card.rstrip()}")
    return 0


def _check(args: argparse.Namespace) -> int:
    """Every check that reading makes, then a trial in a process of its own."""
    problems: list[str] = []
    played: list[str] = []
    info = None
    try:
        bundle = find_model(args.model)
        info = bundle.info
        for runtime in usable_runtimes():
            try:
                played.append(try_model(bundle.path or args.model, runtime))
            except UserError as error:
                problems.append(str(error))
    except UserError as error:
        problems.append(str(error))
    if args.json:
        row = {
            "ok": not problems,
            "problems": problems,
            "runtimes": played,
            "metadata": info.as_json() if info else None,
        }
        print(json.dumps(row, indent=2))
        return 2 if problems else 0
    for problem in problems:
        print(f"bad: {problem}")
    if info is not None and not problems:
        print(f"OK: {info.name}, {_summary(info)}; played with {', '.join(played)}")
    return 2 if problems else 0
