"""``python -m ddsp_edge.studio.measure_file PATH``: length, level and noise floor of a recording.

A process of its own, since the file may be anything. Prints JSON; exit code 2 and one line where
it is no recording.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.system.audio_file import read_sound
from ddsp_edge.units import gain_to_db

WINDOW_S = 0.1
MAX_MEMORY = 8 << 30  #: bytes of addresses: a header may announce anything
FLOOR_DB = -120.0


def measure_recording(path: Path) -> dict[str, float]:
    """Measure seconds, ``peak_db``, ``loud_db`` and ``floor_db`` (dBFS). Raises UserError.

    ``loud_db`` and ``floor_db`` are the levels that a tenth of the windows of 0.1 s is above and
    below.
    """
    sound = read_sound(path)
    size = max(1, round(WINDOW_S * sound.rate))
    whole = sound.samples[: len(sound.samples) // size * size]
    rms = np.sqrt(np.mean(np.square(whole.reshape(-1, size), dtype=np.float64), axis=1))
    low, high = np.quantile(rms, [0.1, 0.9]) if len(rms) else (0.0, 0.0)
    figures = {"peak_db": np.abs(sound.samples).max(initial=0.0), "loud_db": high, "floor_db": low}
    found = {
        k: max(FLOOR_DB, round(float(gain_to_db(max(v, 1e-9))), 1)) for k, v in figures.items()
    }
    return {"seconds": round(len(sound.samples) / sound.rate, 2), **found}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    try:
        print(json.dumps(measure_recording(Path(sys.argv[1]))))
    except UserError as error:
        print(" ".join(str(error).split()))
        sys.exit(2)
