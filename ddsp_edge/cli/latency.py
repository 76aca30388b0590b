"""``ddsp-edge latency``: the round trip of a sound card, with a cable from output to input."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.api.client import NoEngine
from ddsp_edge.cli.ask import add_engine_parser, ask, show


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge latency [--card CARD] [...]` with its options."""
    line = "measure the round trip with a cable from an output to an input"
    parser = add_engine_parser(subparsers, "latency", line)
    parser.add_argument(
        "--card",
        help="measure with this card and no engine (default: through the running engine, "
        "else the first card that plays and records)",
    )
    parser.add_argument(
        "--rate", type=int, default=48_000, metavar="HZ", help="with --card: sample rate"
    )
    parser.add_argument(
        "--period",
        type=int,
        default=128,
        metavar="SAMPLES",
        help="with --card: samples in a period",
    )
    parser.add_argument(
        "--periods", type=int, default=2, metavar="N", help="with --card: periods in its buffer"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        metavar="N",
        help="length of the test signal in seconds",
    )
    parser.add_argument(
        "--level", type=float, default=-12.0, metavar="DBFS", help="level of the test signal"
    )
    parser.add_argument(
        "--side", default="both", choices=("left", "right", "both"), help="output that plays it"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure the latency and print it. Raises UserError, also where no sound comes back."""
    options = {"seconds": args.seconds, "level": args.level, "side": args.side}
    try:
        result = _own(args) if args.card is not None else ask(args, "latency", **options)
    except NoEngine:
        if args.socket is not None:  # that engine was meant
            raise
        result = _own(args)
    return show(args, result, _text(result))


def _own(args: argparse.Namespace) -> dict[str, Any]:
    """Measure with the rig alone on the card, without a model and an engine."""
    from ddsp_edge.cards.settings import CardSettings
    from ddsp_edge.live.engine import LiveEngine
    from ddsp_edge.live.round_trip import measure

    card = CardSettings(args.card, rate=args.rate, period=args.period, periods=args.periods)
    with LiveEngine(card, "effect") as engine:
        return dict(measure(engine, args.seconds, args.level, args.side))


def _text(found: dict[str, Any]) -> str:
    exact = found["round_trip_samples"] + found["fraction_samples"]
    lines = [
        f"round trip {found['round_trip_ms']:.3f} ms: {exact:.2f} samples at "
        f"{found['rate_hz']} Hz, heard on the {found['input']}",
        f"level {found['level_db']:+.1f} dB, {found['snr_db']:.0f} dB above the noise"
        + (", inverted" if found["inverted"] else ""),
    ]
    if found["buffers_samples"] is not None:
        lines.append(
            f"of that the driver's buffers {found['buffers_samples']} samples, converters and "
            f"cable {found['beyond_samples']}"
        )
    if found["warning"]:
        lines.append(f"warning: {found['warning']}")
    return "\n".join(lines)
