"""Benchmark of start-up time and resident memory, in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from ddsp_edge.bench.result import Result, against

GOAL_LOAD_S = 0.5  #: of a model (ddsp-edge demo's limit)
READY = """
import json, time
begun = time.perf_counter()
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
imported = time.perf_counter()
with LiveEngine(None, source="synth") as engine:
    bundle = find_model("violin")
    future = engine.play(bundle)
    future.result(30)
    ready = time.perf_counter()
    kb = dict(l.split(":") for l in open("/proc/self/status") if l.startswith("Vm"))["VmRSS"]
print(json.dumps({"load_s": ready - imported, "rss_mb": int(kb.split()[0]) / 1024}))
"""


def results(repeats: int = 3) -> list[Result]:
    """The fastest of ``repeats`` fresh processes."""
    took, loads, sizes = [], [], []
    for _ in range(repeats):
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", READY], capture_output=True, text=True, check=True
        )
        took.append(time.perf_counter() - begun)
        measured = json.loads(done.stdout)
        loads.append(measured["load_s"])
        sizes.append(measured["rss_mb"])
    return [
        Result("from nothing to an engine that plays, and out again", min(took), "s"),
        against(
            "  of that, the model: read, checked, warmed", min(loads), "s", "goal", GOAL_LOAD_S
        ),
        Result("resident memory, one model playing", min(sizes), "MB"),
    ]
