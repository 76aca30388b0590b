"""Speed and its neighbours: each figure beside a goal or a peer of the same run."""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from collections.abc import Callable

import ddsp_edge
from ddsp_edge.bench import (
    allocations,
    decoder,
    engine,
    instructions,
    kernel,
    latency,
    paths,
    render,
    startup,
)
from ddsp_edge.bench.checkout import ROOT
from ddsp_edge.bench.peers import measured
from ddsp_edge.bench.result import Result

__all__ = ["Result", "bench"]


def bench(say: Callable[[str], None] = lambda _: None) -> dict[str, object]:
    """Everything, with what it ran on; ``results`` maps a subject to its :class:`Result`.

    Takes one to two minutes. ``say`` hears what is measured next. Raises UserError.
    """
    say("peers")
    peers = measured()
    subjects: dict[str, Callable[[], list[Result]]] = {
        "kernel": lambda: kernel.results(peers),
        "paths": paths.results,
        "decoder": lambda: decoder.results(peers),
        "engine": lambda: engine.results(peers),
        "rendering": render.results,
        "start": startup.results,
        "latency": latency.results,
        "allocations": allocations.results,
        "instructions": instructions.results,
    }
    found: dict[str, list[Result]] = {}
    for name, measure in subjects.items():
        say(name)
        found[name] = measure()
    return {
        "version": ddsp_edge.__version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": platform.machine(),
        "processor": _processor(),
        "python": platform.python_version(),
        "platform": sys.platform,
        "peers": peers,
        "results": found,
    }


def _commit() -> str:
    """Of a checkout, "" elsewhere; "+" where files have changed since."""
    if not (ROOT / "tests/bench").is_dir():
        return ""
    try:
        told = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty=+"],
                              capture_output=True, text=True)  # fmt: skip
    except OSError:
        return ""
    return told.stdout.strip()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith(("model name", "Model")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
