"""ddsp-edge models: what is installed, adding and removing, whether a file is good."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ddsp_edge.bundles.metadata import ModelInfo, Room
from ddsp_edge.bundles.vst_check import Rule, check_file_for_vst, would_take
from ddsp_edge.cli import models_index, models_sweep
from ddsp_edge.decoding.networks import judge
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import SUFFIXES, entries, find_model, model_files
from ddsp_edge.library.sandbox import try_model
from ddsp_edge.system.atomic_files import check_new, check_target, numbered
from ddsp_edge.tflite.runtimes import usable_runtimes


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge models list | info | check | add | remove | index | sweep | calibrate |
    export-vst | export-lv2`."""
    parser = subparsers.add_parser("models", help="list, describe, check, add or remove models")
    actions = parser.add_subparsers(
        required=True,
        metavar="list | info | check | add | remove | index | sweep | calibrate | export-vst | "
        "export-lv2",
    )
    listing = actions.add_parser("list", help="list the models that --model can name")
    listing.set_defaults(run=run, action=_list)
    info = actions.add_parser("info", help="describe a model: data, licence, sizes, range")
    info.add_argument("model", metavar="NAME", help="name or path of a model")
    info.set_defaults(run=run, action=_info)
    check = actions.add_parser(
        "check",
        help="check a file and try it; exit code 2 if it cannot be used",
        description="Whether a model plays here, and whether DDSP-VST would take it: a line for "
        "each of its loader's rules. Exit code 2 if it does not play here.",
    )
    check.add_argument("model", metavar="PATH", help="path or name of a model")
    check.set_defaults(run=run, action=_check)
    add = actions.add_parser(
        "add",
        help="install a bundle, a DDSP-VST zip or a .tflite",
        description="Check FILE, try it in a process of its own and put it into the folder of "
        "models ($DDSP_EDGE_MODELS, else ~/.local/share/ddsp-edge/models).",
    )
    add.add_argument("file", metavar="FILE", type=Path)
    add.add_argument("--name", help="name for --model (default: the model's own)")
    add.add_argument("--force", action="store_true", help="replace a model of that name")
    add.set_defaults(run=run, action=_add)
    remove = actions.add_parser("remove", help="remove a model that was added")
    remove.add_argument("model", metavar="NAME")
    remove.set_defaults(run=run, action=_remove)
    models_index.add_actions(actions)
    models_sweep.add_actions(actions)
    vst = actions.add_parser(
        "export-vst",
        help="write the zip that DDSP-VST takes",
        description="Write the training zip of a model of DDSP-VST's shape (ddsp-edge train "
        "--profile vst). Unpack it into Documents/Magenta/DDSP/Models and refresh the plug-in.",
    )
    vst.add_argument("model", metavar="NAME", help="name or path of a model")
    vst.add_argument(
        "--out",
        type=Path,
        metavar="X.zip",
        help="file to write (default: NAME-vst.zip, with a number where that is taken)",
    )
    vst.add_argument("--force", action="store_true", help="replace an existing file")
    vst.set_defaults(run=run, action=_export_vst)
    lv2 = actions.add_parser(
        "export-lv2",
        help="write models and presets for the LV2 plug-in",
        description="Write the models for the LV2 plug-in, and a preset of each, into FOLDER.lv2: "
        "the plug-in's own folder, or a new one in ~/.lv2, which may be copied to another machine.",
    )
    lv2.add_argument(
        "models", metavar="NAME", nargs="*", help="names or paths (default: all shipped)"
    )
    lv2.add_argument("--out", type=Path, required=True, metavar="FOLDER.lv2")
    lv2.set_defaults(run=run, action=_export_lv2)
    for each in (listing, info, check, add):
        each.add_argument("--json", action="store_true", help="print JSON for programs")


def run(args: argparse.Namespace) -> int:
    """Carry out the action; return 0, or 2 where `check` finds a bad file. Raises UserError."""
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
        f"{info.min_pitch_hz:.0f} to {info.max_pitch_hz:.0f} Hz, licence {info.licence}"
    )


def _info(args: argparse.Namespace) -> int:
    bundle = find_model(args.model)
    info = bundle.info
    if args.json:
        row = {"path": str(bundle.path), **info.as_json(), "card": bundle.card}
        row["decoder"] = str(judge(bundle))
        print(json.dumps({**row, "size_bytes": len(bundle.model)}, indent=2))
        return 0
    print(f"{info.name}  ({bundle.path})")
    for label, text in (
        ("format", "DDSP-VST" if info.profile == "vst" else "ddsp-edge"),
        ("rate", f"{info.sample_rate} Hz, a control frame every {1000 * info.hop_s:g} ms"),
        ("sound", f"{info.n_harmonics} harmonics, {info.n_noise} noise bands"),
        ("network", f"state of {info.state_size}, {info.quantization}, {len(bundle.model)} bytes"),
        ("decoder", str(judge(bundle))),
        (
            "pitch",
            f"{info.min_pitch_hz:.1f} to {info.max_pitch_hz:.1f} Hz "
            f"(MIDI {info.min_pitch_note:.1f} to {info.max_pitch_note:.1f})",
        ),
        ("loudness", f"{info.min_loudness_db:.1f} to {info.max_loudness_db:.1f} dB"),
        ("attack", f"{1000 * info.attack_s:.0f} ms"),
        *([("room", _room(info.room))] if info.room else []),
        ("licence", info.licence),
        ("from", info.attribution),
        ("made", f"{info.export_time} by {info.version}".strip()),
    ):
        print(f"  {label:<9} {text}")
    if bundle.card:
        print(f"\n{bundle.card.rstrip()}")
    return 0


def _room(room: Room) -> str:
    return (
        f"as recorded: reverb_size={room.size:.2f} reverb_damping={room.damping:.2f} "
        f"reverb_wet={room.wet:.2f} (the instrument itself is dry)"
    )


def _check(args: argparse.Namespace) -> int:
    """Check a file as reading does, try it in a process of its own, then test DDSP-VST's rules."""
    problems: list[str] = []
    played: list[str] = []
    info, path = None, Path(args.model)
    try:
        bundle = find_model(args.model)
        info, path = bundle.info, bundle.path or path
        for runtime in usable_runtimes():
            try:
                played.append(try_model(path, runtime))
            except UserError as error:
                problems.append(str(error))
    except UserError as error:
        problems.append(str(error))
    try:
        rules = check_file_for_vst(path)
    except UserError:  # said above: it cannot even be opened
        rules = []
    if args.json:
        row = {
            "ok": not problems,
            "problems": problems,
            "runtimes": played,
            "metadata": info.as_json() if info else None,
            "ddsp_vst": {"takes": bool(rules) and would_take(rules), "rules": _as_json(rules)},
        }
        print(json.dumps(row, indent=2))
        return 2 if problems else 0
    for problem in problems:
        print(f"bad: {problem}")
    if info is not None and not problems:
        print(f"OK: {info.name}, {_summary(info)}; tested with {', '.join(played)}")
    if rules:
        print(f"DDSP-VST would {'take' if would_take(rules) else 'not take'} it:")
        for rule in rules:
            mark = "yes" if rule.kept else "NO " if rule.required else "but"
            print(f"  {mark}  {rule}")
    return 2 if problems else 0


def _as_json(rules: list[Rule]) -> list[dict[str, Any]]:
    return [
        {"rule": rule.name, "kept": rule.kept, "required": rule.required, "text": rule.text}
        for rule in rules
    ]


def _add(args: argparse.Namespace) -> int:
    from ddsp_edge.library.install import add

    added = add(args.file, args.name, args.force)
    if args.json:
        row = {"name": added.name, "path": str(added.path), "news": added.news}
        print(json.dumps({**row, "runtime": added.runtime, "metadata": added.info.as_json()}))
        return 0
    what = "added" if added.news else "was there already"
    print(f"{added.name} {what}: {_summary(added.info)}; tested with {added.runtime}")
    print(f"  {added.path}\n  play it with: --model {added.name}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from ddsp_edge.library.install import remove

    print(f"removed {remove(args.model)}")
    return 0


def _export_vst(args: argparse.Namespace) -> int:
    from ddsp_edge.bundles.vst_export import refusal, write_vst

    bundle = find_model(args.model)
    info = bundle.info
    if info.profile != "vst":
        raise UserError(refusal(info))
    stem = Path(args.model).stem if Path(args.model).suffix in SUFFIXES else args.model
    named = args.out or Path(f"{stem}-vst.zip")
    out = named if args.out or args.force else numbered(named)
    if out.suffix.lower() not in SUFFIXES:
        raise UserError(f"--out {out}: name it X.zip (or X.tflite for the model alone)")
    check_target(out, *([bundle.path] if bundle.path else []))
    if not args.force:
        check_new(out, "--out")
    write_vst(bundle, out)
    print(
        f"{out}: unpack it into Documents/Magenta/DDSP/Models and press the refresh button of "
        "the plug-in"
    )
    return 0


def _export_lv2(args: argparse.Namespace) -> int:
    from ddsp_edge.lv2.folder import export

    shipped = [path for origin, path in model_files() if origin == "shipped"]
    chosen = args.models or [str(path) for path in shipped]
    # All are read before anything is written.
    written = export([(Path(name).stem, find_model(name)) for name in chosen], args.out)
    for path in written:
        print(path)
    return 0
