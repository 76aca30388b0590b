"""Both paths as files: file in, sound out, loading and all Python included."""

from __future__ import annotations

from ddsp_edge.bench.result import Result, against
from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.offline.rendering import render

GOAL_X = 20.0  #: times real time (ddsp-edge demo's limit)


def results() -> list[Result]:
    """Benchmark of rendering the demo's voice and tune, in times real time."""
    found = []
    for name, source, model in (("voice", VOICE, "violin"), ("MIDI", TUNE, "cello")):
        reports = [render(source, model) for _ in range(5)]
        factor = max(report.real_time_factor for report in reports)
        title = f"rendering: {name} on {model}, times real time"
        found.append(against(title, factor, "x", "goal", GOAL_X, more=True))
    return found
