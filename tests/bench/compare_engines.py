"""Renders of two engines beside each other: this checkout's and an older one's, on the older one's
models, without expression.

    git worktree add OLD COMMIT && (cd OLD && python native/build_kernel.py)
    python tests/bench/compare_engines.py OLD

For each model and source a line: delay and level of the new render against the old one; what is
left after both are taken out, relative to the old render; and the largest and mean difference of
the levels in third octaves. ``harmonics``: noise and room off, so what is left is the engine's;
``all``: with noise, which is random, so only levels and spectra can agree.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
#: An installed editable package would win over PYTHONPATH.
RUN = """
import sys
sys.meta_path = [f for f in sys.meta_path if "Editable" not in getattr(f, "__name__", "")]
sys.path.insert(0, sys.argv.pop(1))
from ddsp_edge.cli import main
sys.exit(main(sys.argv[1:]))
"""
VARIANTS = {"harmonics": ["noise_gain=-60", "reverb_wet=0"], "all": []}
LAGS = 480  #: samples to either side
LOWEST_DB = -60.0  #: third octaves below the loudest by more are left out


def render(tree: Path, source: Path, model: Path, settings: list[str], out: Path) -> np.ndarray:
    """Left channel of what ``tree`` makes of it."""
    words = [sys.executable, "-c", RUN, str(tree), "render", str(source), "--model", str(model)]
    words += ["--out", str(out)]
    out.unlink(missing_ok=True)
    for each in settings:
        words += ["--set", each]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode != 0:
        raise SystemExit(f"{tree}: {done.stderr.strip()}")
    return soundfile.read(out, always_2d=True)[0][:, 0]


def power_db(x: np.ndarray) -> float:
    """Mean power in dB."""
    return float(10 * np.log10(np.mean(x**2) + 1e-30))


def delay_of(new: np.ndarray, old: np.ndarray) -> int:
    """Samples by which ``new`` is later, within LAGS."""
    size = 1 << (len(old) + LAGS).bit_length()
    spectrum = np.fft.rfft(new, size) * np.conj(np.fft.rfft(old, size))
    correlation = np.fft.irfft(spectrum, size)
    lags = np.arange(-LAGS, LAGS + 1)
    return int(lags[np.argmax(correlation[lags])])


def third_octaves_db(x: np.ndarray, rate: int = 48_000) -> np.ndarray:
    """Levels from 50 Hz to 16 kHz."""
    power = np.abs(np.fft.rfft(x)) ** 2
    edges = 50 * 2 ** ((np.arange(27) - 0.5) / 3) * len(x) / rate
    sums = np.add.reduceat(power, edges.astype(int))[:-1]
    return 10 * np.log10(sums + 1e-30)


def compared(new: np.ndarray, old: np.ndarray) -> str:
    """The line's figures."""
    size = min(len(new), len(old))
    new, old = new[:size], old[:size]
    level_db = power_db(new) - power_db(old)
    delay = delay_of(new, old)
    moved = np.roll(new, -delay)[LAGS:-LAGS]
    kept = old[LAGS:-LAGS]
    gain = float(moved @ kept / (moved @ moved))
    rest_db = power_db(gain * moved - kept) - power_db(kept)
    here, there = third_octaves_db(new), third_octaves_db(old)
    heard = there > there.max() + LOWEST_DB
    bands = np.abs(here - there)[heard]
    return (
        f"{delay:6d} samples {level_db:+7.3f} dB {rest_db:8.1f} dB "
        f"{bands.max():7.2f} dB {bands.mean():7.3f} dB"
    )


def main() -> None:
    """Print the table."""
    old_tree = Path(sys.argv[1]).resolve()
    models = sorted((old_tree / "ddsp_edge/models").glob("*.zip"))
    sources = [ROOT / "ddsp_edge/demo/tune.mid", ROOT / "ddsp_edge/demo/voice.flac"]
    print("model, source, variant: delay, level, what is left, third octaves: largest, mean")
    with tempfile.TemporaryDirectory() as name:
        for source in sources:
            for model in models:
                for variant, settings in VARIANTS.items():
                    out = Path(name) / "out.wav"
                    old = render(old_tree, source, model, settings, out)
                    new = render(ROOT, source, model, ["expression=0", *settings], out)
                    title = f"{model.stem} {source.name} {variant}"
                    print(f"{title:36}{compared(new, old)}", flush=True)


if __name__ == "__main__":
    main()
