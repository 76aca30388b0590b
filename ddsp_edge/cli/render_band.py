"""``ddsp-edge render TUNE.mid`` without --model: the file as the band it was written for."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddsp_edge.offline.band import BandReport


def run_band(args: argparse.Namespace, source: Path, out: Path | None, to_stdout: bool) -> None:
    """Render and print what was done. Raises UserError."""
    from ddsp_edge.errors import UserError
    from ddsp_edge.offline.band import render_band_file
    from ddsp_edge.offline.rendering import is_midi
    from ddsp_edge.presets.band_map import BandMap, read_band_map

    if not is_midi(source):
        raise UserError(f"{args.source}: is no MIDI file; name what plays it: --model violin")
    if args.picture or args.morph_model or args.fit:
        raise UserError(f"{args.source}: --picture, --morph-model and --fit need one --model")
    report = render_band_file(
        source,
        read_band_map(args.band) if args.band else BandMap(),
        args.of_channels,
        out,
        args.rate,
        args.settings,
        args.runtime,
        args.seed,
        args.force,
        args.key_pitches,
        args.read_ahead,
    )
    say = sys.stderr if to_stdout else sys.stdout
    if args.json:
        print(json.dumps(_band_facts(report), indent=2))
        return
    for line in _lines(args.source, report, "-" if to_stdout else str(report.out)):
        print(line, file=say)


def _programs(programs: tuple[int, ...]) -> str:
    from ddsp_edge.midi.general_midi import PROGRAMS

    return ", ".join(f"{program} {PROGRAMS[program].name}" for program in programs) or "drums"


def _lines(source: str, report: BandReport, out: str) -> Iterator[str]:
    from ddsp_edge.evaluation import peak_dbfs

    for each in report.parts:
        yield (
            f"channel {each.part.channel}: {_programs(each.programs)} -> {each.model}, "
            f"{each.notes} notes, {each.part.voices} voices"
        )
    count = "one part" if len(report.parts) == 1 else f"{len(report.parts)} parts"
    yield (
        f"{source} as a band of {count} -> {out}: {report.duration_s:.1f} s, "
        f"peak {peak_dbfs(report.sound):.1f} dBFS, {report.real_time_factor:.0f} x real time"
    )
    if report.lowered_db:
        yield f"turned down by {report.lowered_db:.1f} dB so as not to clip (--set output_gain)"
    if report.drums:
        yield "the drums were left out"
    for remark in report.remarks:
        yield f"{source}: {remark}"


def _band_facts(report: BandReport) -> dict[str, Any]:
    """What --json prints: plain values by name."""
    from ddsp_edge.evaluation import peak_dbfs

    return {
        "out": str(report.out),
        "rate_hz": report.rate,
        "duration_s": round(report.duration_s, 3),
        "peak_dbfs": round(peak_dbfs(report.sound), 2),
        "lowered_db": round(report.lowered_db, 2),
        "parts": [
            {
                "channel": each.part.channel,
                "programs": list(each.programs),
                "model": each.model,
                "notes": each.notes,
                "voices": each.part.voices,
                "level_db": each.part.level,
                "pan": each.part.pan,
            }
            for each in report.parts
        ],
        "skipped_drum_messages": report.drums,
        "remarks": report.remarks,
        "load_s": round(report.load_s, 3),
        "render_s": round(report.render_s, 3),
        "real_time_factor": round(report.real_time_factor, 1),
    }
