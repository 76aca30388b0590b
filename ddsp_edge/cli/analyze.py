"""``ddsp-edge analyze IN``: what the pedal hears, as a table or as a MIDI file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.settings import parse_settings

COLUMNS = ("time_s", "f0_hz", "confidence", "loudness_db")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command `ddsp-edge analyze IN [--out CSV]` with its options."""
    parser = subparsers.add_parser("analyze", help="write pitch and loudness of a recording as CSV")
    parser.add_argument("source", metavar="IN", help="recording: wav, flac, ogg, mp3 or aiff")
    parser.add_argument(
        "--force", action="store_true", help="replace the files of --out and --midi"
    )
    parser.add_argument(
        "--out", type=Path, metavar="features.csv", help="file to write (default: the terminal)"
    )
    parser.add_argument(
        "--hop",
        type=float,
        default=0.005,
        metavar="SECONDS",
        help="time between two rows (default: 0.005)",
    )
    parser.add_argument(
        "--midi",
        type=Path,
        metavar="notes.mid",
        help="write the notes that the pedal sends (docs/module.md#midi-out) instead of the table",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="for --midi: settings, for instance gate=-45, snap=soft or midi_out_bend=12",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Analyse the recording and print CSV, or write a MIDI file. Raises UserError."""
    if not 0.001 <= args.hop <= 0.1:
        raise UserError(f"--hop {args.hop:g}: choose 0.001 to 0.1 seconds")
    settings = parse_settings(args.set)
    if args.set and args.midi is None:
        raise UserError("--set: the table has what is heard before any setting; add --midi FILE")
    if args.midi is not None and args.out is not None:
        raise UserError("--midi and --out: write one of them at a time")
    from ddsp_edge.effect.source import analyse
    from ddsp_edge.effect.transcription import heard_notes
    from ddsp_edge.midi.writing import midi_file
    from ddsp_edge.offline.rendering import DEFAULT_RATE
    from ddsp_edge.system.atomic_files import check_new, check_target, replacing
    from ddsp_edge.system.audio_file import read_audio

    for option, path in (("--out", args.out), ("--midi", args.midi)):
        if path is not None:
            check_target(path, args.source)
            if not args.force:
                check_new(path, option)
    # Beside the table, which may be the standard output.
    audio = read_audio(args.source, DEFAULT_RATE, lambda line: print(line, file=sys.stderr))
    if args.midi is not None:
        notes = heard_notes(audio, DEFAULT_RATE, args.hop, settings)
        with replacing(args.midi) as stream:
            stream.write(midi_file(notes))
        count = sum(message[0] & 0xF0 == 0x90 for _, message in notes)
        print(f"{args.source}: {count} note{'' if count == 1 else 's'} -> {args.midi}")
        return 0
    features = analyse(audio, DEFAULT_RATE, args.hop)
    rows = [
        f"{row['position'] / DEFAULT_RATE:.4f},{row['f0_hz']:.3f},{row['confidence']:.3f},"
        f"{row['loudness_db']:.2f}"
        for row in features
    ]
    text = "\n".join([",".join(COLUMNS), *rows, ""])
    if args.out is None:
        sys.stdout.write(text)
        return 0
    with replacing(args.out) as stream:
        stream.write(text.encode())
    print(f"{args.source}: {len(rows)} rows -> {args.out}")
    return 0
