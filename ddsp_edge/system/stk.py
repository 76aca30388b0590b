"""The Synthesis ToolKit plays physical models from a score (Debian: stk, the program stk-demo)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from ddsp_edge.errors import UserError

LIMIT_S = 600  #: STK is many times faster than real time
#: STK's models that can be asked for.
INSTRUMENTS = ("Bowed", "Flute", "Clarinet", "Saxofony", "Brass")

#: (seconds, SKINI message such as "NoteOn", its values)
Event = tuple[float, str, tuple[float, ...]]


def play(events: Sequence[Event], instrument: str, rate: int, duration_s: float) -> np.ndarray:
    """(samples,) float32 of one voice of a model of INSTRUMENTS; events in the order of time.

    Raises UserError: STK is missing, or it fails.
    """
    if instrument not in INSTRUMENTS:
        raise ValueError(f"{instrument}: not one of {', '.join(INSTRUMENTS)}")
    program = shutil.which("stk-demo")
    if program is None:
        raise UserError("stk-demo is not installed; sudo apt install stk")
    lines, before = [], 0.0
    # The last one is a controller that no model minds: the sound goes on until then.
    for time_s, kind, values in (*events, (duration_s, "ControlChange", (119.0, 0.0))):
        delay_s = max(0.0, time_s - before)
        before += delay_s
        lines.append(f"{kind} {delay_s:.6f} 1 {' '.join(f'{value:.4f}' for value in values)}\n")
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.ski"), Path(folder, "sound.wav")
        score.write_text("".join(lines), encoding="ascii")
        command = [program, instrument, "-s", str(rate), "-n", "1"]
        command += ["-ow", str(sound), "-if", str(score)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S, cwd=folder)
            audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
        except (subprocess.SubprocessError, OSError, soundfile.LibsndfileError) as error:
            raise UserError(f"stk-demo could not play {instrument} ({error})") from None
    mono: np.ndarray = audio.mean(axis=1)
    return mono
