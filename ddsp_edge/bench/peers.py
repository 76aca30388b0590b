"""Peers, run in the same session by tests/bench/peers.py; nothing where they cannot be."""

from __future__ import annotations

import json
import subprocess
import sys

from ddsp_edge.bench.checkout import PROGRAMS

LONGEST_S = 180


def measured() -> dict[str, float]:
    """Figure by name: ``oscillator_ns``, ``noise_us``, ``frame_us`` and ``gru512_us`` of DDSP-VST's
    published way, ``fluidsynth_x_N`` (times real time with N voices). Those that could be run."""
    program = PROGRAMS / "peers.py"
    if not program.is_file():
        return {}
    try:
        done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True,
                              timeout=LONGEST_S)  # fmt: skip
        return {str(k): float(v) for k, v in json.loads(done.stdout).items()}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
