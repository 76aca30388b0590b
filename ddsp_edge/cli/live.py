"""``ddsp-edge live --model NAME``: play now, through the sound card."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.render import settings_help
from ddsp_edge.settings import parse_settings


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge live --model NAME [...]` with its options."""
    parser = subparsers.add_parser(
        "live",
        help="play now: sound or MIDI in, sound out",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", required=True, metavar="NAME|PATH", help="see: models list")
    parser.add_argument(
        "--source",
        choices=("effect", "synth"),
        default="effect",
        help="effect: what the card hears is played on the model; synth: what MIDI plays",
    )
    parser.add_argument(
        "--card", metavar="CARD", help="see: devices; or any PCM's name; else the best one"
    )
    parser.add_argument("--capture", metavar="CARD", help="if it is another one; none: no input")
    parser.add_argument("--input", choices=("left", "right", "both"), default="both")
    parser.add_argument("--rate", type=int, default=48_000, metavar="HZ")
    parser.add_argument("--period", type=int, default=128, metavar="SAMPLES")
    parser.add_argument("--periods", type=int, default=2, metavar="N", help="in the card's buffer")
    parser.add_argument(
        "--midi", choices=("alsa", "jack", "none"), default="alsa", help="where keyboards are"
    )
    parser.add_argument("--midi-network", metavar="PORT", help="also hear mido's sockets there")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, see below"
    )
    parser.add_argument("--runtime", choices=("litert", "tflite-runtime"), help="of the model")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop by itself")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when it is stopped, by Ctrl-C too. Raises UserError."""
    settings = parse_settings(args.set)
    from ddsp_edge.cards.settings import CardSettings
    from ddsp_edge.errors import UserError
    from ddsp_edge.live.terminal import perform

    if args.seconds is not None and not args.seconds > 0:
        raise UserError(f"--seconds {args.seconds:g}: choose more than 0")
    card = CardSettings(
        args.card,
        "none" if args.capture is None and args.source == "synth" else args.capture,
        args.rate,
        args.period,
        args.periods,
        args.input,
    )
    perform(
        args.model,
        args.source,
        settings,
        card,
        args.midi,
        args.midi_network,
        args.runtime,
        args.seconds,
    )
    return 0
