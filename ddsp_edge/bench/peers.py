"""Peers, run in the same session (tests/bench/peers.py); nothing where they cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from ddsp_edge.bench.checkout import PROGRAMS, ROOT

LONGEST_S = 180


def measured() -> dict[str, float]:
    """Figure by name: ``oscillator_ns``, ``noise_us``, ``frame_us`` and ``gru512_us`` of DDSP-VST's
    published way, ``fluidsynth_x_N`` (times real time with N voices). Those that could be run."""
    if not (PROGRAMS / "peers.py").is_file():
        return {}
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.peers"],
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            env=os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)},
        )
        return {str(k): float(v) for k, v in json.loads(done.stdout).items()}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
