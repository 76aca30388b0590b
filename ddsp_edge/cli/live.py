"""``ddsp-edge live --model NAME``: play now, through the sound card."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.render import add_tuning, settings_help, tuning_of
from ddsp_edge.settings import parse_settings


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge live --model NAME [...]` with its options."""
    parser = subparsers.add_parser(
        "live",
        help="play live: sound or MIDI in, sound out",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME|PATH",
        help="name (`ddsp-edge models list`) or file of a model",
    )
    parser.add_argument(
        "--source",
        choices=("effect", "synth"),
        default="effect",
        help="effect: the model follows the audio input; synth: it plays MIDI notes",
    )
    parser.add_argument(
        "--card",
        metavar="CARD",
        help="a name that `ddsp-edge devices` shows, or any PCM's (default: the best card)",
    )
    parser.add_argument(
        "--capture",
        metavar="CARD",
        help="card to record from where it is another one; none: no input",
    )
    parser.add_argument(
        "--input",
        choices=("left", "right", "both"),
        default="both",
        help="input that is heard (default: both)",
    )
    parser.add_argument(
        "--rate", type=int, default=48_000, metavar="HZ", help="sample rate (default: 48000)"
    )
    parser.add_argument(
        "--period",
        type=int,
        default=128,
        metavar="SAMPLES",
        help="samples in a period (default: 128)",
    )
    parser.add_argument(
        "--periods",
        type=int,
        default=2,
        metavar="N",
        help="periods in the card's buffer (default: 2)",
    )
    parser.add_argument(
        "--midi",
        choices=("alsa", "jack", "none"),
        default="alsa",
        help="MIDI interface that keyboards are looked for on (default: alsa)",
    )
    parser.add_argument(
        "--midi-network",
        metavar="PORT",
        help="also receive MIDI from mido's network sockets on this port",
    )
    parser.add_argument(
        "--midi-out",
        action="append",
        default=[],
        metavar="NAME",
        help="with --set midi_out=on: also connect our MIDI output to inputs of this name, which "
        "may hold * and ?",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one of the settings below",
    )
    add_tuning(parser)
    parser.add_argument(
        "--runtime",
        choices=("litert", "tflite-runtime"),
        help="what executes the model's network (default: C where it can, else LiteRT)",
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="stop after this time")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play until stopped; return 0, also after Ctrl-C. Raises UserError."""
    settings = parse_settings(args.set)
    from ddsp_edge.cards.settings import CardSettings
    from ddsp_edge.errors import UserError
    from ddsp_edge.live.terminal import perform

    if args.seconds is not None and not args.seconds > 0:
        raise UserError(f"--seconds {args.seconds:g}: choose more than 0")
    pitches = tuning_of(args)
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
        args.midi_out,
        pitches=pitches,
    )
    return 0
