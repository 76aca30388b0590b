"""32-bit boards: the package without LiteRT plays the shipped models as this machine does."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from board import armv7

from ddsp_edge.cli import main
from ddsp_edge.demo import VOICE
from ddsp_edge.system.audio_file import read_audio, write_audio

TUNE = Path(VOICE).with_name("tune.mid")
RATE = 48_000
#: Another processor and C library round otherwise; tests/native/test_paths.py asks for -80 dB.
CLOSE_DB = -80.0
#: An engine without a card plays a note; what it decoded with, and its loudest sample.
ENGINE = """
import json, platform, sys
import mido
import numpy as np
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
with LiveEngine(None, source="synth") as engine:
    engine.play(find_model("cello")).result(120)
    engine.midi(mido.Message("note_on", note=57))
    out = np.zeros((engine.rig.period, 2), np.float32)
    peak = 0.0
    for _ in range(200):
        engine.rig.process(None, out)
        peak = max(peak, float(np.abs(out).max()))
loaded = [name for name in ("ai_edge_litert", "tflite_runtime") if name in sys.modules]
print(json.dumps([platform.machine(), sys.maxsize, peak, loaded]))
"""

pytestmark = pytest.mark.skipif(
    shutil.which(armv7.COMPILER) is None or shutil.which(armv7.EMULATOR) is None,
    reason="apt-get install gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user",
)


def below_db(found: np.ndarray, expected: np.ndarray) -> float:
    """Power of the difference, relative to ``expected``."""
    assert found.shape == expected.shape
    return float(10 * np.log10(((found - expected) ** 2).sum() / (expected**2).sum()))


def rendered(source: Path, model: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(there, here): the same file rendered by both."""
    words = ["render", str(source), "--model", model, "--out"]
    there, here = folder / "armv7.wav", folder / "here.wav"
    done = armv7.python("-m", "ddsp_edge", *words, str(there))
    assert done.returncode == 0, done.stderr
    assert main([*words, str(here)]) == 0
    return soundfile.read(there)[0], soundfile.read(here)[0]


def test_a_tune_sounds_as_it_does_here(tmp_path: Path) -> None:
    assert below_db(*rendered(TUNE, "violin", tmp_path)) < CLOSE_DB


def test_a_voice_becomes_the_instrument_that_it_becomes_here(tmp_path: Path) -> None:
    """The analyser decides by thresholds, so a last bit may move a frame: as on arm64, -50 dB."""
    sung = tmp_path / "sung.wav"
    write_audio(sung, read_audio(VOICE, RATE)[: 4 * RATE], RATE)
    assert below_db(*rendered(sung, "cello", tmp_path)) < -50.0


def test_an_engine_plays_a_note_without_litert() -> None:
    done = armv7.python("-c", ENGINE)
    assert done.returncode == 0, done.stderr
    machine, largest, peak, loaded = json.loads(done.stdout)
    assert machine == "armv7l" and largest == 2**31 - 1 < sys.maxsize
    assert peak > 0.01 and loaded == []


def test_what_needs_resampling_says_what_is_missing(tmp_path: Path) -> None:
    """Debian has no soxr for armhf."""
    other = tmp_path / "other.wav"
    write_audio(other, np.zeros(44_100, np.float32), 44_100)
    out = str(tmp_path / "out.wav")
    words = ("render", str(other), "--model", "violin", "--out", out)
    done = armv7.python("-m", "ddsp_edge", *words)
    assert done.returncode == 2 and "pip install soxr" in done.stderr
    assert "Traceback" not in done.stderr
