"""``ddsp-edge status``: print what the engine plays now."""

from __future__ import annotations

import argparse
from typing import Any

from ddsp_edge.cli.ask import add_engine_parser, ask, show


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge status` with its options."""
    parser = add_engine_parser(
        subparsers, "status", "show what plays, the levels and the sound card"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what plays. Raises UserError."""
    status = ask(args, "status")
    return show(args, status, "\n".join(_lines(status)))


def _lines(status: dict[str, Any]) -> list[str]:
    card, preset = status["card"], status["preset"]
    name = f"{preset}{' (edited)' if status['edited'] else ''}: " if preset else ""
    on = [switch for switch in ("bypass", "mute", "tuner", "freeze") if status[switch]]
    clip = " CLIP" if status["input_clip"] or status["output_clip"] else ""
    lines = [
        f"{name}{status['model']} ({status['source']})" + "".join(f", {each} on" for each in on),
        f"card {card['state']}{_still(card)}: {card.get('detail', '')}",
        f"input {status['input_dbfs']} dBFS, output {status['output_dbfs']} dBFS{clip}",
    ]
    if status["note"]:
        lines.append(f"note {status['note']} {status['cents']:+.1f} cents")
    lines += [f"MIDI {port['port']} ({port['kind']})" for port in status["midi_ports"]]
    return lines + [f"warning: {text}" for text in status["warnings"]]


def _still(card: dict[str, Any]) -> str:
    """Return a remark where the card is open but its driver or sound server takes no sound."""
    still_s = card.get("no_sound_s", 0.0)
    return f", but no sound for {still_s:.0f} s" if still_s >= 1.0 else ""
