"""A bundle with its loudness map, swept, with the sweep on its card and in its picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.calibration.fit import fit_heard_map, fit_loudness_map
from ddsp_edge.calibration.picture import with_sweep
from ddsp_edge.calibration.sweep import HIGH_HZ, Sweep, sweep
from ddsp_edge.calibration.verdict import centroid_falls, level_ranges_db, reasons
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import note_name

OVERRIDE = "--allow-failed-sweep"
HEADING = "## Sweep"
_SECTION = re.compile(rf"\n*^{HEADING}\n.*?(?=^## |\Z)", re.M | re.S)


def with_map(bundle: Bundle, centroid_fall: float | None = None) -> Bundle:
    """Return the bundle with both maps found anew, for MIDI and for the effect.

    ``centroid_fall`` is that of the recordings; None: what the map before said, or 0.
    """
    before = bundle.info.loudness_map
    if centroid_fall is None:
        centroid_fall = before.centroid_fall if before else 0.0
    notes, heard = fit_loudness_map(bundle, centroid_fall), fit_heard_map(bundle)
    return replace(bundle, info=replace(bundle.info, loudness_map=notes, heard_map=heard))


def swept_bundle(
    bundle: Bundle, allow_failing: bool = False, say: Callable[[str], None] = print
) -> tuple[Bundle, Sweep]:
    """Sweep a bundle; return it with the sweep on its card and in its picture.

    Raises UserError, one line, where it does not pass; with ``allow_failing`` it is only said.
    """
    swept = sweep(bundle)
    broken = reasons(swept)
    if broken and not allow_failing:
        raise UserError(
            f"{bundle.info.name} does not pass its sweep: {'; '.join(broken)} (docs/models.md); "
            f"{OVERRIDE} writes it all the same"
        )
    for reason in broken:
        say(f"sweep: {reason}")
    kept = _SECTION.sub("\n\n", bundle.card)
    card = f"{kept.rstrip()}\n\n{card_section(swept)}"
    return replace(
        bundle,
        card=card.lstrip(),
        picture=with_sweep(bundle.picture, swept, bundle.info.name),
    ), swept


def card_section(swept: Sweep) -> str:
    """Return the card's section on a sweep, in Markdown."""
    inside = np.array(swept.in_range)
    keys = [key for key, there in zip(swept.keys, swept.in_range, strict=True) if there]
    told = [f"* {reason}" for reason in reasons(swept)] or ["It passes."]
    if not keys:
        return "\n".join([HEADING, "No key lies within the range.", *told, ""])
    rows = {
        "level from velocity 1 to 127, dB": (level_ranges_db(swept)[inside], ".1f"),
        "centroid falls where it gets louder by, %": (100 * centroid_falls(swept)[inside], ".1f"),
        f"power above {HIGH_HZ / 1000:g} kHz, %": (100 * swept.high_share[inside], ".2f"),
        "pitch error, cents": (np.abs(swept.f0_cents[inside]), ".1f"),
    }
    lines = [
        f"| {name} | {values.min():{f}} | {np.median(values):{f}} | {values.max():{f}} |"
        for name, (values, f) in rows.items()
    ]
    return "\n".join(
        [
            HEADING,
            f"Every key from {note_name(swept.keys[0])} to {note_name(swept.keys[-1])} at "
            f"{len(swept.velocities)} velocities, through the engine. Of the {len(keys)} keys of "
            f"the range, {note_name(keys[0])} to {note_name(keys[-1])} (all are drawn in the "
            "picture; what must hold: docs/models.md):",
            "",
            "| | least | median | most |",
            "|---|---|---|---|",
            *lines,
            "",
            "The recordings' own centroid falls from soft to loud by "
            f"{100 * swept.centroid_fall:.1f} %.",
            *told,
            "",
        ]
    )
