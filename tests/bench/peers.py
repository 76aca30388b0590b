"""Runs the peers that are here and prints their figures as JSON; ``ddsp-edge bench`` calls it.

By hand: ``PYTHONPATH=.:tests python -m bench.peers``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.fluid import times_real_time
from bench.gru512 import gru512

from ddsp_edge.bench.decoder import invoke_us
from ddsp_edge.tflite.runtimes import usable_runtimes

HERE = Path(__file__).resolve().parent


def vst_way() -> dict[str, float]:
    """``oscillator_ns`` and ``noise_us``; empty without a C++ compiler."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "vst_way"
        # As good as the compiler makes it for this very processor.
        flags = ["-std=c++17", "-O3", "-march=native"]
        subprocess.run([compiler, *flags, str(HERE / "vst_way.cpp"), "-o", str(program)],
                       check=True)  # fmt: skip
        told = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    return {k: float(v) for k, v in json.loads(told.stdout).items()}


def peers() -> dict[str, float]:
    """Every figure, by name."""
    found = vst_way()
    found["gru512_us"] = invoke_us(gru512(), usable_runtimes()[0])
    for voices, factor in times_real_time().items():
        found[f"fluidsynth_x_{voices}"] = factor
    return found


if __name__ == "__main__":
    print(json.dumps(peers()))
