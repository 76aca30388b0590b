"""Convolution: exact, without delay, the same in blocks of any size, even in its work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_edge.bench.checkout import compiled_kernel, compiler
from native.kernel import MAX_RESPONSE, Convolver

RATE = 48_000
#: Around the borders of what is summed directly, lies in short and in long partitions.
LENGTHS = (1, 2, 63, 64, 65, 127, 2047, 2048, 2049, 3072, 3073, 48_000)


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, n).astype(np.float32)


def room(n: int) -> np.ndarray:
    """Noise that decays by 60 dB in 0.7 s."""
    return noise(n, 2) * (10 ** (-3 * np.arange(n) / (0.7 * RATE))).astype(np.float32)


def convolve(response: np.ndarray, dry: np.ndarray, sizes: list[int]) -> np.ndarray:
    """``dry`` in blocks of these sizes, again and again."""
    convolver, wet = Convolver(response), np.full(len(dry), np.nan, np.float32)
    at = turn = 0
    while at < len(dry):
        end = min(at + sizes[turn % len(sizes)], len(dry))
        convolver.process(dry[at:end], wet[at:end])
        at, turn = end, turn + 1
    return wet


@pytest.mark.parametrize("length", LENGTHS)
def test_it_is_numpys_convolution(length: int) -> None:
    """To -110 dB of the result, from the first sample on: there is no delay."""
    response, dry = room(length), noise(length + 9000)
    if length < 10_000:
        wanted = np.convolve(dry.astype(float), response.astype(float))[: len(dry)]
    else:  # directly it takes seconds
        spectra = [np.fft.rfft(x.astype(float), 2 * len(dry)) for x in (dry, response)]
        wanted = np.fft.irfft(spectra[0] * spectra[1])[: len(dry)]
    error = convolve(response, dry, [128]) - wanted
    assert np.abs(error).max() < 10 ** (-110 / 20) * np.abs(wanted).max()


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(1, 3000), min_size=2, max_size=6))
def test_blocks_change_no_bit(sizes: list[int]) -> None:
    dry = noise(12_000)
    dry[3000:9500] = 0.0  # it falls asleep and wakes in the middle of a block
    response = room(2500)
    assert np.array_equal(convolve(response, dry, sizes), convolve(response, dry, [64]))


def test_after_a_reset_it_is_new() -> None:
    response, dry, wet = room(6000), noise(20_000), np.zeros(20_000, np.float32)
    convolver = Convolver(response)
    convolver.process(noise(7777, 3), np.zeros(7777, np.float32))
    convolver.reset()
    convolver.process(dry, wet)
    assert np.array_equal(wet, convolve(response, dry, [20_000]))


def test_a_tail_ends_in_silence() -> None:
    response, dry = room(5000), noise(30_000)
    dry[4000:] = 0.0
    wet = convolve(response, dry, [96])
    assert np.abs(wet[4000:8900]).max() > 1e-3
    # The rounding of the long partitions ends with the blocks that they lie in.
    assert np.abs(wet[9100:]).max() < 1e-5
    assert not wet[17_000:].any()


def test_input_and_output_may_be_one_array() -> None:
    response, dry = room(3000), noise(5000)
    wanted, convolver = convolve(response, dry, [5000]), Convolver(response)
    convolver.process(dry, dry)
    assert np.array_equal(dry, wanted)


@pytest.mark.parametrize("rate", [44_100, 96_000, 16_000])
def test_another_rate_hears_the_same_room(rate: int) -> None:
    """Up to near the lower Nyquist frequency, within 0.1 dB."""
    length, low = 4000, np.hanning(600)
    response = np.zeros(length, np.float32)
    # A smooth band below 6 kHz, so that its ends are no edges.
    for at, hz in ((700, 500.0), (1500, 1700.0), (2600, 5000.0)):
        part = slice(at - 300, at + 300)
        response[part] += (low * np.cos(2 * np.pi * hz * np.arange(600) / RATE)).astype(np.float32)
    click = np.zeros(8192, np.float32)
    click[0] = 1.0
    heard = np.zeros_like(click)
    Convolver(response, rate, RATE).process(click, heard)
    for hz in (480.0, 500.0, 1700.0, 1730.0, 5000.0, 5020.0):
        levels = [
            abs(np.sum(x * np.exp(-2j * np.pi * hz * np.arange(len(x)) / fs)))
            for x, fs in ((response, RATE), (heard, rate))
        ]
        assert abs(20 * np.log10(levels[1] / levels[0])) < 0.1, hz


def test_what_is_no_sound_does_no_harm() -> None:
    response, dry = room(4000), noise(8000)
    response[[5, 70, 3000]] = np.nan, np.inf, 1e-42
    dry[[9, 99, 999, 1999]] = np.nan, -np.inf, 3e38, 1e-41
    wet = convolve(response, dry, [64])
    assert np.isfinite(wet).all()
    assert not ((wet != 0) & (np.abs(wet) < np.finfo(np.float32).tiny)).any()
    dry[[9, 1999]], response[[5, 3000]] = 0.0, 0.0
    dry[[99, 999]], response[70] = (-1000.0, 1000.0), 16.0
    assert np.array_equal(wet, convolve(response, dry, [64]))


@pytest.mark.parametrize("length", [0, RATE + 1, MAX_RESPONSE + 1])
def test_too_short_or_too_long(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} samples"):
        Convolver(np.zeros(length, np.float32))


def test_no_stretch_costs_much_more_than_another(tmp_path: Path) -> None:
    """Counted in instructions: the dearest of all stretches of 32 samples in one long block, and
    of all periods of 64."""
    valgrind = shutil.which("valgrind")
    if compiler() is None or valgrind is None:
        pytest.skip("no C compiler or no valgrind: apt-get install valgrind")
    source = tmp_path / "even.c"
    source.write_text(EVEN)
    program = compiled_kernel(tmp_path / "even", sources=(source,))

    def executed(samples: int) -> int:
        command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        told = subprocess.run(
            [*command, str(program), str(samples)], capture_output=True, text=True, check=True
        )
        return int(re.findall(r"Collected : (\d+)", told.stderr)[0])

    start = 49 * 1024  # all partitions have something to do
    counts = np.diff([executed(start + 64 * k) for k in range(17)])
    assert counts.max() < 1.6 * counts.mean()


#: Convolves so many samples with a second of response, in blocks of 64.
EVEN = """
#include <stdlib.h>
#include "ddsp_kernel.h"
int main(int argc, char **argv)
{
    static float response[48000], mono[64];
    const int n = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 0; i < 48000; i++)
        response[i] = 0.001f * (float)(i % 101 - 50);
    ddsp_convolver *convolver = ddsp_convolver_new();
    if (ddsp_convolver_prepare(convolver, 48000, response, 48000, 48000) != DDSP_OK)
        return 1;
    for (int at = 0; at < n; at += 64) {
        for (int i = 0; i < 64; i++)
            mono[i] = 0.01f * (float)((at + i) % 37 - 18);
        ddsp_convolver_process(convolver, mono, mono, 64);
    }
    return 0;
}
"""
