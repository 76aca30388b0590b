"""ddsp-edge models sweep and calibrate: a model over its whole range, and what makes it even."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.calibration.calibrate import OVERRIDE, card_section, swept_bundle, with_map
from ddsp_edge.calibration.picture import draw_sweep
from ddsp_edge.calibration.recordings import centroid_fall
from ddsp_edge.calibration.sweep import RATE, sweep
from ddsp_edge.calibration.verdict import reasons
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.atomic_files import check_new, check_target
from ddsp_edge.system.audio_file import read_sound, resample
from ddsp_edge.system.audio_kinds import AUDIO_SUFFIXES


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Add `sweep` and `calibrate` to `ddsp-edge models`."""
    sweeping = actions.add_parser(
        "sweep",
        help="play every key at 12 velocities and measure it; exit code 2 if it fails",
        description="Play every key of a model's range, an octave below it and two above, at 12 "
        "velocities; measure level, spectral centroid, power above 8 kHz, noise and pitch; say "
        "whether the model may ship. Exit code 2 if it does not pass (docs/models.md).",
    )
    sweeping.add_argument("model", metavar="NAME", help="name or path of a model")
    sweeping.add_argument("--json", action="store_true", help="print all figures as JSON")
    sweeping.add_argument("--picture", type=Path, metavar="FILE", help="draw it: png, pdf or svg")
    sweeping.set_defaults(run=lambda args: int(args.action(args)), action=_sweep)
    calibrate = actions.add_parser(
        "calibrate",
        help="find a bundle's loudness map anew and sweep it",
        description="Find how loud the network has to be shown each note (its loudness map), sweep "
        "the result, and write the bundle with map, picture and card. The network stays the same "
        "to the byte. A bundle that does not pass its sweep is not written.",
    )
    calibrate.add_argument("model", metavar="NAME", help="name or path of a bundle")
    calibrate.add_argument(
        "--recordings",
        type=Path,
        metavar="FOLDER",
        help="measure by how much these get duller from soft to loud (default: as the bundle says)",
    )
    calibrate.add_argument("--out", type=Path, metavar="X.zip", required=True, help="the bundle")
    calibrate.add_argument("--force", action="store_true", help="replace a file that is there")
    calibrate.add_argument(OVERRIDE, action="store_true", help="write it although it fails")
    calibrate.set_defaults(run=lambda args: int(args.action(args)), action=_calibrate)


def _sweep(args: argparse.Namespace) -> int:
    bundle = find_model(args.model)
    swept = sweep(bundle)
    broken = reasons(swept)
    if args.json:
        print(json.dumps({"model": bundle.info.name, "passes": not broken, "reasons": broken,
                          **swept.as_json()}))  # fmt: skip
    else:
        print(card_section(swept).split("\n", 1)[1].rstrip())
    if args.picture is not None:
        draw_sweep(swept, bundle.info.name, args.picture)
    return 2 if broken else 0


def _calibrate(args: argparse.Namespace) -> int:
    bundle = find_model(args.model)
    if bundle.info.profile == "vst":
        raise UserError(
            f"{args.model}: is a model of DDSP-VST's; only bundles of `ddsp-edge train` can be "
            "calibrated (docs/models.md)"
        )
    if args.out.suffix.lower() != ".zip":
        raise UserError(f"--out {args.out}: name it X.zip")
    if args.force:
        check_target(args.out)
    else:
        check_new(args.out, "--out")
    fall = _fall(args.recordings) if args.recordings else None
    finished, _ = swept_bundle(with_map(bundle, fall), args.allow_failed_sweep)
    written = write_bundle(args.out, finished)
    print(card_section_of(written.card))
    return 0


def card_section_of(card: str) -> str:
    """Return what a card says of the sweep."""
    return card.split("## Sweep\n", 1)[-1].rstrip()


def _fall(folder: Path) -> float:
    """Return the fall of the recordings below ``folder``. Raises UserError where there is none."""
    if not folder.is_dir():
        raise UserError(f"--recordings {folder}: is not a folder")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise UserError(f"--recordings {folder}: holds no sound files")

    def sounds() -> Any:
        for path in files:
            sound = read_sound(path)
            yield np.asarray(resample(sound.samples, sound.rate, RATE), np.float32)

    fall = centroid_fall(sounds(), RATE)
    print(f"{folder}: {len(files)} files, duller by {100 * fall:.1f} % from soft to loud")
    return fall
