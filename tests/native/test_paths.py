"""Every path of the kernel gives the same sound, and work follows what is heard."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import path_libraries
import pytest
from voice_tracks import rms_db

from ddsp_edge.bench.checkout import ROOT, compiled_kernel, compiler
from ddsp_edge.bench.paths import PathVoice
from native.kernel import Voice

RATE, HARMONICS, BANDS = 48_000, 100, 65


def play(voice: PathVoice | Voice) -> np.ndarray:
    """Two seconds: leaps, glides, rests, noise that comes and goes."""
    rng, out = np.random.default_rng(7), np.zeros(2 * RATE, np.float32)
    for at in range(0, len(out), 240):
        f0_hz = float(rng.choice([40.0, 110.0, 441.0, 1760.0])) * 2 ** rng.uniform(0, 0.1)
        level = 0.0 if at // 240 % 40 > 35 else float(rng.uniform(0.1, 0.5))
        weights = (rng.uniform(size=HARMONICS) / np.arange(1, HARMONICS + 1)).astype(np.float32)
        bands = rng.uniform(0, 0.01, BANDS).astype(np.float32)
        voice.set_frame(f0_hz, level, weights, bands, 0.005)
        voice.render(out[at : at + 240])
    return out


def test_every_path_gives_the_same_sound() -> None:
    paths = path_libraries.made()
    if not paths:
        pytest.skip("no C compiler")
    assert "scalar" in paths and len(paths) >= 2
    installed = play(Voice(RATE, HARMONICS, BANDS, RATE / 2, seed=1)).astype(float)
    for name, library in paths.items():
        error = play(PathVoice(library, HARMONICS, BANDS)) - installed
        assert rms_db(error) - rms_db(installed) < -80.0, name


def test_work_follows_the_harmonics_that_are_heard(tmp_path: Path) -> None:
    valgrind = shutil.which("valgrind")
    if compiler() is None or valgrind is None:
        pytest.skip("no C compiler or no valgrind: apt-get install valgrind")
    program = compiled_kernel(tmp_path / "load", sources=(ROOT / "tests/board/count/load.c",))

    def executed(part: str) -> int:
        command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        told = subprocess.run(
            [*command, str(program), part, "0.1"], capture_output=True, text=True, check=True
        )
        return int(re.findall(r"Collected : (\d+)", told.stderr)[0])

    nothing = executed("nothing")
    whole, high, quiet = (executed(part) - nothing for part in ("voice", "high", "quiet"))
    # The noise and the frames, the same in all three, are most of what is left. The bound was
    # that of a few harmonics while each was summed (1.46 M for the whole): now all keep it.
    assert high < quiet < whole < 0.75 * 1.46e6
