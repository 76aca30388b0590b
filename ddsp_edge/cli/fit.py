"""``ddsp-edge fit IN --model NAME``: the settings that suit a recording of the player."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddsp_edge.bundles.metadata import ModelInfo
    from ddsp_edge.effect.autofit import Fit, Unit
    from ddsp_edge.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge fit IN --model NAME [...]` with its options."""
    parser = subparsers.add_parser(
        "fit", help="find settings that move a player's range into a model's"
    )
    parser.add_argument(
        "source", metavar="IN", help="about ten seconds of playing: wav, flac, ogg, mp3 or aiff"
    )
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME|PATH",
        help="name (`ddsp-edge models list`) or file of a model",
    )
    parser.add_argument(
        "--semitones", action="store_true", help="transpose by semitones (default: by octaves)"
    )
    parser.add_argument(
        "--keep-pitch",
        action="store_true",
        help="leave the sounding pitch and move what the model is shown",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="settings that the recording was made with, such as input_trim",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=run)


def fit_of(
    source: str | Path,
    info: ModelInfo,
    settings: Settings,
    unit: Unit = "octaves",
    keep_pitch: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Fit:
    """Measure a recording, as ``settings`` trim it; ``say`` is told of the file's oddities.

    Raises UserError.
    """
    from ddsp_edge.effect.autofit import learn
    from ddsp_edge.effect.mix import trimmed
    from ddsp_edge.effect.source import analyse
    from ddsp_edge.offline.rendering import DEFAULT_RATE
    from ddsp_edge.system.audio_file import read_audio

    audio = trimmed(read_audio(source, DEFAULT_RATE, say), settings)
    return learn(analyse(audio, DEFAULT_RATE, info.hop_s), info.hop_s).fit(info, unit, keep_pitch)


def run(args: argparse.Namespace) -> int:
    """Measure the recording and print the settings that fit. Raises UserError."""
    from ddsp_edge.library.catalog import find_model
    from ddsp_edge.settings import parse_settings

    settings = parse_settings(args.set)
    info = find_model(args.model).info
    fit = fit_of(
        args.source,
        info,
        settings,
        "semitones" if args.semitones else "octaves",
        args.keep_pitch,
        # Beside the settings, which a shell may take from the standard output.
        lambda line: print(line, file=sys.stderr),
    )
    words = [f"--set {name}={value:g}" for name, value in fit.settings.items() if value]
    if args.json:
        facts = {
            "model": info.name,
            "settings": fit.settings,
            "inside": round(fit.inside, 3),
            "room_db": fit.room_db and round(fit.room_db, 1),
        }
        player = {name: round(value, 2) for name, value in asdict(fit.player).items()}
        print(json.dumps({**facts, "player": player, "arguments": " ".join(words)}, indent=2))
        return 0
    print(" ".join(words) or "--set pitch_shift=0")
    return 0
