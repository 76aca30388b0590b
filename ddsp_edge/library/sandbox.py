"""A model is tried in a process of its own: what crashes or hangs there harms nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError

TIMEOUT_S = 20.0
FRAMES = 50
_COMMAND = (
    "import sys; from ddsp_edge.library import sandbox; sys.exit(sandbox._child(*sys.argv[1:]))"
)


def try_model(path: Path | str, runtime: str | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """Play a sweep through the model at ``path``; the runtime's name, or UserError says why not."""
    path = Path(path).absolute()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, str(path), runtime or ""],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=Path(__file__).resolve().parents[2],  # the child finds this very package
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{path}: the model was still running after {timeout_s:g} s: do not use it"
        ) from None
    if done.returncode < 0:
        raise UserError(
            f"{path}: the model crashes the TFLite runtime (signal {-done.returncode}): "
            "do not use it"
        )
    lines = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
    if done.returncode != 0:
        raise UserError(lines[0] if done.returncode == 2 else f"{path}: {lines[-1]}")
    return lines[0]


def _child(path: str, runtime: str) -> int:
    from ddsp_edge.decoding.decoder import Decoder
    from ddsp_edge.frames import ControlFrame, FeatureFrame

    try:
        decoder = Decoder(read_bundle(path), runtime or None)
        info = decoder.info
        out = ControlFrame(info.n_harmonics, info.n_noise)
        ratio = (info.max_pitch_hz / info.min_pitch_hz) ** (1.0 / FRAMES)
        for i in range(FRAMES):
            level = -80.0 + 80.0 * i / FRAMES
            decoder.step(FeatureFrame(i * info.hop_s, info.min_pitch_hz * ratio**i, level), out)
            values = (out.amplitude, *out.harmonic_distribution, *out.noise_magnitudes)
            if min(values) < 0.0 or max(values) > 1000.0:
                raise UserError(
                    f"{path}: frame {i} holds {min(values):g} to {max(values):g}, no sound has "
                    "that: do not use it"
                )
        if decoder.faults:
            raise UserError(
                f"{path}: {decoder.faults} of {FRAMES} frames are not numbers: do not use it"
            )
    except UserError as error:
        print(error)
        return 2
    print(decoder.runtime)
    return 0
