"""The plug-in with the tests' own host (tests/lv2/), compiled as a program."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shared_folder
from c_programs import COMPILER, KERNEL, NATIVE, Failed, program, why_it_cannot_build
from sounds import shaped, tone

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.folder import export
from ddsp_edge.lv2.model_file import write_model

HERE = Path(__file__).resolve().parent / "lv2"
PLUGIN = tuple(sorted((NATIVE / "lv2").glob("*.c")))
SHIPPED_FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O3", "-ffp-contract=fast"]
VIOLIN = read_bundle(shipped_folder() / "violin.zip")
HEADERS = "the LV2 headers are not here: apt-get install lv2-dev"


def lv2_program(out: Path, main: str, flags: Sequence[str] = SHIPPED_FLAGS) -> Path:
    """``main`` of tests/lv2 with host, plug-in and kernel; skips where it cannot be built."""
    if COMPILER is None:
        pytest.skip("no C compiler")
    found = subprocess.run(
        [COMPILER, "-fsyntax-only", "-x", "c", "-"],
        input=b"#include <lv2/core/lv2.h>\n",
        capture_output=True,
    )
    if found.returncode != 0:
        pytest.skip(HEADERS)
    if why := why_it_cannot_build(COMPILER, *flags):
        pytest.skip(f"the compiler cannot build with {' '.join(flags)}: {why}")
    # Objects are kept by what they depend on; the host's header is not among the kernel's.
    revision = f"-DHOST_REVISION={zlib.crc32((HERE / 'host.h').read_bytes())}"
    sources = [*KERNEL, *PLUGIN, HERE / "host.c", HERE / main]
    return program(out, sources, [*flags, f"-I{NATIVE}", f"-I{HERE}", revision])


def built_plugin() -> Path:
    """A folder with ``ddsp-edge.lv2`` as `make lv2` builds it, the violin its only model.

    Built once a session: who changes it copies it first. Skips where it cannot be built.
    """
    if COMPILER is None or not Path("/usr/include/lv2/core/lv2.h").exists():
        pytest.skip(HEADERS)

    def build(out: Path) -> None:
        command = ["sh", str(NATIVE / "lv2" / "build.sh"), os.uname().machine, str(out)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        export([("violin", VIOLIN)], out / "ddsp-edge.lv2")

    return shared_folder.made_once("lv2-plugin", build)


def lv2_environment(folder: Path) -> dict[str, str]:
    """Ours alone in ``folder``, and the schemas of LV2 itself."""
    return os.environ | {"LV2_PATH": f"{folder}:/usr/lib/lv2", "LC_ALL": "C"}


def models_folder(folder: Path, names: Sequence[str] = ("violin", "flute")) -> Path:
    """A plug-in's folder with some of the shipped models; violin is the one that it begins with."""
    (folder / "models").mkdir(parents=True)
    for name in names:
        path = folder / "models" / f"{name}.ddspw"
        write_model(read_bundle(shipped_folder() / f"{name}.zip"), path)
    return folder


def played(
    player: Path, plugin: str, rate: int, block: int, frames: int, folder: Path, *options: str
) -> np.ndarray:
    """What tests/lv2/play.c renders: (frames, 2) float32. ``block`` 0: lengths that vary."""
    out = folder / "out.raw"
    command = [str(player), f"urn:ddsp-edge:{plugin}", str(rate), str(block), str(frames)]
    done = subprocess.run(
        [*command, str(folder), str(out), *options], capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        raise Failed(done.stderr or f"exit code {done.returncode}")
    return np.fromfile(out, np.float32).reshape(-1, 2)


def distance_db(found: np.ndarray, wanted: np.ndarray) -> float:
    assert np.abs(wanted).max() > 0.01
    return float(20 * np.log10(np.abs(found - wanted).max() / np.abs(wanted).max() + 1e-12))


def sung(seconds: float, rate: int) -> np.ndarray:
    """A voice that glides with vibrato, then hisses, then sings again softer."""
    time_s = np.arange(int(seconds * rate)) / rate
    hz = 220 * 2 ** (time_s / 3 + 0.02 * np.sin(2 * np.pi * 5 * time_s))
    voice = shaped(tone(hz, seconds, rate), rate=rate)
    noise = np.random.default_rng(1).uniform(-0.05, 0.05, len(voice))
    middle = (time_s > 0.5 * seconds) & (time_s < 0.6 * seconds)
    level = np.where(time_s < 0.5 * seconds, 0.5, 0.2)
    return np.where(middle, noise, level * voice).astype(np.float32)
