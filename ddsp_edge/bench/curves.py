"""Growth curves: what one more voice and one more harmonic cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ddsp_edge.bench.result import Result
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import pyplot, save_figure

NAME = "bench-growth.png"


def draw(found: dict[str, Any], folder: Path) -> Path:
    """Load (per cent of a core in real time) against voices and harmonics. Raises UserError."""
    plt = pyplot()
    rows = [r for r in found["results"].get("engine", []) if r.at is not None]
    if not rows:
        raise UserError("--images: the engine was not measured; leave out --only")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    synth = [r for r in rows if r.at["curve"] == "synth"]
    for count in sorted({r.at["harmonics"] for r in synth}):
        _line(left, [r for r in synth if r.at["harmonics"] == count], "voices",
              f"{count:g} harmonics")  # fmt: skip
    peers = {int(name.rsplit("_", 1)[1]): value for name, value in found["peers"].items()
             if name.startswith("fluidsynth_x_")}  # fmt: skip
    if peers:
        left.plot(list(peers), [100 / x for x in peers.values()], "k--", label="FluidSynth")
    for voices in sorted({r.at["voices"] for r in synth}):
        _line(right, [r for r in synth if r.at["voices"] == voices], "harmonics",
              f"{voices:g} voice" + "s" * (voices > 1))  # fmt: skip
    _line(right, [r for r in rows if r.at["curve"] == "effect"], "harmonics", "effect", "k--")
    for axes, name in ((left, "voices"), (right, "harmonics")):
        axes.set(xlabel=name, ylabel="% of one core, in real time", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.suptitle(f"{found['processor']}, {found['date'][:10]}", fontsize=9)
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_figure(figure, path, dpi=110)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror})") from None
    finally:
        plt.close(figure)
    return path


def _line(axes: Any, rows: list[Result], over: str, label: str, style: str = "o-") -> None:
    points = sorted((float(r.at[over]), 100.0 / r.value) for r in rows if r.at is not None)
    axes.plot([x for x, _ in points], [y for _, y in points], style, label=label, markersize=3)
