"""The baseline does what it stands for: a peer that plays nothing would be fast."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from bench.fluid import times_real_time
from bench.gru512 import HARMONICS, NOISE, STATE, gru512

from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.runtimes import usable_runtimes
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

HERE = Path(__file__).resolve().parent
RATE, FRAME = 16_000, 320


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray]:
    """A second of its tone, and of its noise."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    program = tmp_path_factory.mktemp("peer") / "vst_way"
    flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, str(HERE / "vst_way.cpp"), "-o", str(program)], check=True)
    told = subprocess.run([str(program), "play"], capture_output=True, check=True)
    both = np.frombuffer(told.stdout, np.float32)
    return both[: 50 * FRAME], both[50 * FRAME :]


def test_the_tone_has_its_pitch_level_and_harmonics(sound) -> None:
    spectrum = np.abs(np.fft.rfft(sound[0][FRAME:] * np.hanning(49 * FRAME)))
    hz = np.fft.rfftfreq(49 * FRAME, 1 / RATE)
    level = [spectrum[np.abs(hz - 110.0 * k) < 3].max() for k in range(1, 61)]
    # Weights 1 / k, shared out: what each has is known.
    weights = 1 / np.arange(1, 61)
    expected = 0.5 * weights / weights.sum() * np.hanning(49 * FRAME).sum() / 2
    assert np.allclose(level, expected, rtol=0.2)  # between two bins a Hann window reads low
    assert spectrum[(hz > 150) & (hz < 190)].max() < 1e-3 * level[0]


def test_the_noise_is_white_and_as_loud_as_its_bands(sound) -> None:
    """White noise, uniform in -1..1, times 0.02 in every band."""
    noise = sound[1][FRAME:]
    assert noise.std() == pytest.approx(0.02 / 3**0.5, rel=0.05)
    power = np.abs(np.fft.rfft(noise)) ** 2
    low, high = power[: len(power) // 2].mean(), power[len(power) // 2 :].mean()
    assert low == pytest.approx(high, rel=0.1)


def test_the_network_has_its_size_and_a_memory() -> None:
    model = gru512()
    assert 4 * 1.7e6 < len(model) < 4 * 2.3e6
    session = Session(model, INPUT_NAMES, OUTPUT_NAMES, usable_runtimes()[0])
    for array, value in zip(session.inputs, (0.5, 0.7, 0.0), strict=True):
        array[:] = value
    session.step()
    first = [array.copy() for array in session.outputs]
    assert [array.size for array in first] == [1, HARMONICS, NOISE, STATE]
    session.inputs[2][:] = first[3]
    session.step()
    second = session.outputs
    assert not np.allclose(first[1], second[1]) and np.abs(second[3]).max() <= 1.0


def test_fluidsynth_is_asked_for_more_and_more_notes() -> None:
    found = times_real_time(voices=(1, 4), seconds=0.2, repeats=1)
    if not found:
        pytest.skip("no FluidSynth: apt-get install libfluidsynth3 fluid-soundfont-gm")
    assert set(found) == {1, 4} and min(found.values()) > 0
