"""Sound sent into the paced card and recorded from it, by programs beside this one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 48_000


class Studio:
    """``jk``'s other ends: what it hears and what it plays."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = os.environ | env, folder

    @contextmanager
    def recording(self) -> Iterator[list[np.ndarray]]:
        """What the card plays during the block: one array (n, 2), in the list afterwards."""
        path, found = self.folder / "recorded.raw", []
        command = ["arecord", "-q", "-D", "recorder", "-t", "raw", "-f", "FLOAT_LE", "-c", "2"]
        command += ["-r", str(RATE), str(path)]
        process = subprocess.Popen(command, env=self.env, stderr=subprocess.PIPE)
        try:
            yield found
        finally:
            process.terminate()
            _, said = process.communicate(timeout=10)
        raw = np.fromfile(path, np.float32)
        assert len(raw) > 0, said
        found.append(raw[: len(raw) // 2 * 2].reshape(-1, 2))

    def play(self, sound: np.ndarray) -> None:
        """Mono, into the card's input; returns when it has been heard."""
        path = self.folder / "sent.wav"
        soundfile.write(path, np.repeat(sound[:, None], 2, 1), RATE, "FLOAT")
        command = ["aplay", "-q", "-D", "player", str(path)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def studio(jack_card, tmp_path) -> Studio:
    return Studio(jack_card.env, tmp_path)
