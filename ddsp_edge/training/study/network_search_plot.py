"""``python -m ddsp_edge.training.study.network_search_plot``: the search's results as a picture.

Left: parameters against held-out loss above the large decoder's; right: microseconds a frame
against the same. Bigger marks had more steps.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import save_figure
from ddsp_edge.training.study.network_search import read_results

COLOURS = {
    "recurrent": "tab:blue",
    "smoothed": "tab:orange",
    "convolution": "tab:green",
    "memoryless": "tab:red",
}
MARKS = {"violin": "o", "cello": "s"}
BOUND_PERCENT = 2.0  #: above the large one: what may be lost


def excess_percent(row: dict[str, Any]) -> float:
    """Held-out loss above the teacher's, per cent."""
    return 100.0 * (row["held_out_loss"] / row["teacher_loss"] - 1.0)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw loss against parameters and microseconds and write the PNG to ``path``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, key, name in (
        (left, "parameters", "parameters"),
        (right, "int8_us", "microseconds a frame (LiteRT, one x86 core)"),
    ):
        seen: set[str] = set()
        for row in rows:
            if row.get(key) is None:
                continue
            label = f"{row['family']}, {row['instrument']}"
            axes.scatter(
                row[key],
                excess_percent(row),
                12 + row["plan"]["steps"] / 60,
                COLOURS[row["family"]],
                marker=MARKS.get(row["instrument"], "^"),
                alpha=0.7,
                label=None if label in seen else label,
            )
            seen.add(label)
        axes.axhline(BOUND_PERCENT, color="black", linewidth=0.8, linestyle=":")
        axes.set_xlabel(name)
        axes.grid(alpha=0.3)
    left.set_xscale("log")
    left.set_xticks([7_000, 12_000, 20_000, 40_000, 80_000], ["7k", "12k", "20k", "40k", "80k"])
    left.minorticks_off()
    left.set_ylim(bottom=0)
    left.set_ylabel("held-out loss above the large decoder's, %")
    left.legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path, dpi=110)


def main(arguments: list[str] | None = None) -> int:
    """Draw the results that the options name; 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.study.network_search_plot")
    parser.add_argument("--results", type=Path, default=Path("docs/data/decoder-search.json"))
    parser.add_argument("--out", type=Path, default=Path("docs/images/decoder-search.png"))
    options = parser.parse_args(arguments)
    try:
        draw(read_results(options.results), options.out)
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
