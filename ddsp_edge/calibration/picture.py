"""A sweep drawn: alone, or below the picture of a bundle."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.bundles.bundle import MAX_PICTURE_BYTES, MAX_PICTURE_SIDE
from ddsp_edge.calibration.sweep import HIGH_HZ, Sweep
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import check_picture, note_name, pyplot, save_figure

DOTS = 80  #: an inch, as the bundle's picture
HEIGHT_IN = 6.0
COLOURS = 64  #: of the palette: a fifth of the bytes less than 128, without a visible difference
#: A bundle's picture says in this PNG text from which row on it is a sweep.
MARK = "ddsp-edge sweep"


def draw_sweep(swept: Sweep, title: str, path: Path) -> None:
    """Write the drawing as a file. Raises UserError."""
    check_picture(path)
    plt = pyplot()
    figure = _figure(plt, swept, title, 11.0, 1.5 * HEIGHT_IN)
    save_figure(figure, path, dpi=100)
    plt.close(figure)


def with_sweep(picture: bytes, swept: Sweep, title: str) -> bytes:
    """Return a bundle's picture with the sweep below what was there, in place of an older one.

    Where matplotlib is not installed, or it would be too large, the picture comes back as it was.
    """
    try:
        plt = pyplot()
    except UserError:
        return picture
    from PIL import Image, PngImagePlugin  # matplotlib's own reader of pictures

    above, width, top = None, 880, 0
    if picture:
        with Image.open(io.BytesIO(picture)) as image:
            width = image.width
            top = min(int(image.info.get(MARK, image.height)), image.height)
            above = image.convert("RGB").crop((0, 0, width, top))
    stream = io.BytesIO()
    figure = _figure(plt, swept, title, width / DOTS, HEIGHT_IN)
    figure.savefig(stream, format="png", dpi=DOTS)
    plt.close(figure)
    with Image.open(stream) as image:
        below = image.convert("RGB")
    both = Image.new("RGB", (width, top + below.height), "white")
    if above is not None:
        both.paste(above, (0, 0))
    both.paste(below, (0, top))
    mark = PngImagePlugin.PngInfo()
    mark.add_text(MARK, str(top))
    small = io.BytesIO()
    both.quantize(COLOURS).save(small, format="png", optimize=True, pnginfo=mark)
    fits = len(small.getvalue()) <= MAX_PICTURE_BYTES and both.height <= MAX_PICTURE_SIDE
    return small.getvalue() if fits else picture


def _figure(plt: Any, swept: Sweep, title: str, width_in: float, height_in: float) -> Any:
    figure = plt.figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.subplot_mosaic(
        [["level", "level"], ["centroid", "centroid"], ["high", "cents"]],
        height_ratios=(1.2, 1.2, 1.0),
    )
    panels = (
        ("level", swept.level_db, f"{title}: level of every key at {len(swept.velocities)} "
         "velocities, dB", (-75.0, 0.0)),
        ("centroid", swept.centroid_hz, "spectral centroid, Hz", None),
        ("high", 100.0 * np.maximum(swept.high_share, 1e-6),
         f"power above {HIGH_HZ / 1000:g} kHz, %", None),
        ("cents", swept.f0_cents, "pitch error, cents", (-12.0, 12.0)),
    )  # fmt: skip
    colours = plt.get_cmap("viridis_r")(np.linspace(0.05, 1.0, len(swept.velocities)))
    for name, table, heading, limits in panels:
        axis = axes[name]
        for column, (velocity, colour) in enumerate(zip(swept.velocities, colours, strict=True)):
            label = f"velocity {velocity}" if column in (0, len(colours) - 1) else None
            axis.plot(swept.keys, table[:, column], color=colour, lw=1.0, label=label)
        axis.set_title(heading, loc="left", fontsize=10)
        axis.set_xlim(swept.keys[0], swept.keys[-1])
        if limits:
            axis.set_ylim(*limits)
        _mark_range(axis, swept)
        ticks = [key for key in swept.keys if key % 12 == 0]
        axis.set_xticks(ticks, [note_name(key) for key in ticks])
        axis.grid(axis="y", color="0.9")
    axes["centroid"].set_yscale("log")
    axes["high"].set_yscale("log")
    axes["high"].set_ylim(1e-3, 100.0)
    axes["level"].legend(loc="lower right", fontsize=8)
    return figure


def _mark_range(axis: Any, swept: Sweep) -> None:
    """Shade what lies beyond the trained range."""
    inside = [key for key, there in zip(swept.keys, swept.in_range, strict=True) if there]
    if inside:
        axis.axvspan(swept.keys[0], inside[0] - 0.5, color="0.93", lw=0)
        axis.axvspan(inside[-1] + 0.5, swept.keys[-1], color="0.93", lw=0)
