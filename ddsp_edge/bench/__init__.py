"""Benchmarks: speed, latency, memory; each figure beside a goal or a peer of the same run."""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence

import ddsp_edge
from ddsp_edge.bench import (
    allocations,
    decoder,
    effect_latency,
    engine,
    instructions,
    kernel,
    latency,
    lv2,
    paths,
    render,
    startup,
)
from ddsp_edge.bench.checkout import ROOT
from ddsp_edge.bench.peers import measured
from ddsp_edge.bench.result import Result
from ddsp_edge.errors import UserError

__all__ = ["Result", "bench"]


Peers = dict[str, float]
SUBJECTS: dict[str, Callable[[Peers], list[Result]]] = {
    "kernel": kernel.results,
    "paths": lambda _: paths.results(),
    "decoder": decoder.results,
    "engine": engine.results,
    "rendering": lambda _: render.results(),
    "start": lambda _: startup.results(),
    "latency": lambda _: latency.results(),
    "effect-latency": lambda _: effect_latency.results(),
    "allocations": lambda _: allocations.results(),
    "instructions": lambda _: instructions.results(),
    "lv2": lambda _: lv2.results(),
}
#: What a subject leaves out on this machine, each as a reason with its remedy.
LEFT_OUT: dict[str, Callable[[], list[str]]] = {"lv2": lv2.left_out}
#: Those that are compared with peers, which take 10 s.
COMPARED = {"kernel", "decoder", "engine"}


def bench(
    only: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> dict[str, object]:
    """Everything (or ``only`` some subjects), with what it ran on.

    ``results`` maps a subject to its list of :class:`Result`, ``left_out`` to the reasons why
    something of it could not be measured here. Takes one to two minutes. ``say`` is
    called with what is measured next. Raises UserError, also for an unknown subject.
    """
    for name in only:
        if name not in SUBJECTS:
            raise UserError(f"--only {name}: choose one of {', '.join(SUBJECTS)}")
    names = [name for name in SUBJECTS if not only or name in only]
    peers: Peers = {}
    if COMPARED & set(names):
        say("peers")
        peers = measured()
    found: dict[str, list[Result]] = {}
    for name in names:
        say(name)
        found[name] = SUBJECTS[name](peers)
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
        "left_out": {name: LEFT_OUT[name]() for name in names if name in LEFT_OUT},
    }


def _commit() -> str:
    """The commit of a source checkout, with "+" where files have changed; "" elsewhere."""
    if not (ROOT / "tests/bench").is_dir():
        return ""
    try:
        completed = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty=+"],
                              capture_output=True, text=True)  # fmt: skip
    except OSError:
        return ""
    return completed.stdout.strip()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith(("model name", "Model")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
