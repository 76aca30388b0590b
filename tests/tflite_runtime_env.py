"""tflite-runtime 2.14 cannot be used with NumPy 2, so the tests keep it in `.venv-tflite`.

The environment is made once, beside the repository's files, with numpy<2 and nothing else that
the decoder does not need. This file is also the program that runs inside it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-tflite"
#: cffi: the kernel, whose decoder is asked first.
REQUIREMENTS = ("numpy<2", "tflite-runtime==2.14.0", "cffi>=1.16")
#: tflite-runtime's last wheels are for Python 3.11.
VERSION = (3, 11)


class Unavailable(Exception):
    """Why there is no tflite-runtime here."""


@dataclass(frozen=True)
class Environment:
    """A Python that has tflite-runtime and sees this repository."""

    python: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "DDSP_EDGE_RUNTIME": "tflite-runtime"}
        return subprocess.run(
            [str(self.python), *arguments],
            env=environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def decode(self, bundle: Path, f0_hz: np.ndarray, loudness_db: np.ndarray) -> dict:
        """Play frames there; what :func:`decode` returns."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(source, f0_hz=f0_hz, loudness_db=loudness_db)
            done = self.run(str(Path(__file__)), str(bundle), str(source), str(target))
            if done.returncode != 0:
                raise RuntimeError(done.stderr or done.stdout)
            with np.load(target) as found:
                return {name: found[name] for name in found.files}


def decode(bundle: Path, f0_hz: np.ndarray, loudness_db: np.ndarray) -> dict:
    """Frames through a Decoder: amplitude (n,), harmonics (n, h), noise (n, m), runtime."""
    from ddsp_edge.bundles.bundle import read_bundle
    from ddsp_edge.decoding.decoder import Decoder
    from ddsp_edge.frames import ControlFrame, FeatureFrame

    decoder = Decoder(read_bundle(bundle))
    out = ControlFrame(decoder.info.n_harmonics, decoder.info.n_noise)
    rows: dict[str, list] = {"amplitude": [], "harmonics": [], "noise": []}
    for i, (f0, loudness) in enumerate(zip(f0_hz, loudness_db, strict=True)):
        decoder.step(FeatureFrame(i * decoder.info.hop_s, float(f0), float(loudness)), out)
        rows["amplitude"].append(out.amplitude)
        rows["harmonics"].append(out.harmonic_distribution.copy())
        rows["noise"].append(out.noise_magnitudes.copy())
    found = {name: np.array(values) for name, values in rows.items()}
    return {**found, "runtime": np.array(decoder.runtime), "faults": np.array(decoder.faults)}


def _works(python: Path) -> bool:
    check = "import cffi, numpy, tflite_runtime.interpreter; assert numpy.__version__ < '2'"
    return (
        python.exists()
        and subprocess.run([str(python), "-c", check], capture_output=True).returncode == 0
    )


def _base_python() -> str:
    if sys.version_info[:2] == VERSION:
        return sys.executable
    name = f"python{VERSION[0]}.{VERSION[1]}"
    if found := shutil.which(name):
        return found
    raise Unavailable(f"its last wheels are for Python 3.11, and there is no {name} here")


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """A lock on this repository's folder, which leaves no file."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def environment() -> Environment:
    """The environment, made where it is missing (needs a package index once)."""
    python = FOLDER / "bin" / "python"
    with _only_one():  # pytest-xdist: several processes ask at once
        if not _works(python):
            base = _base_python()
            shutil.rmtree(FOLDER, ignore_errors=True)
            for command in (
                [base, "-m", "venv", str(FOLDER)],
                [str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS],
            ):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode != 0:
                    lines = (done.stderr or done.stdout).strip().splitlines()
                    raise Unavailable(lines[-1] if lines else f"{command[1:4]} failed")
            if not _works(python):
                raise Unavailable(f"{FOLDER.name} was made, but its runtime does not load")
    return Environment(python)


if __name__ == "__main__":
    bundle_path, source_path, target_path = map(Path, sys.argv[1:])
    with np.load(source_path) as source_arrays:
        result = decode(bundle_path, source_arrays["f0_hz"], source_arrays["loudness_db"])
    np.savez(target_path, **result)
