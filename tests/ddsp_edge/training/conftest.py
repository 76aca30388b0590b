"""A tiny instrument: seconds of synthetic tones in a folder, enough to run every step."""

import contextlib

import numpy as np
import pytest
import shared_folder
import soundfile

from ddsp_edge.training.profiles import EDGE, VST
from ddsp_edge.training.recipes import Recipe

with contextlib.suppress(ImportError):  # the train extra may not be installed
    import torch

    # Small tensors: threads that wait for each other on a busy machine cost more than they bring.
    torch.set_num_threads(1)

RECIPE = Recipe("Toy", "toy", True, 100.0, 900.0, "CC0 1.0", "made by the test")


def toy_note(f0_hz: float, seconds: float, loudness: float, seed: int) -> np.ndarray:
    """Brighter when louder, with a little noise: something to learn."""
    rate = 44_100
    t = np.arange(int(seconds * rate)) / rate
    envelope = loudness * np.minimum(1, np.minimum(t / 0.05, (seconds - t) / 0.1))
    tilt = 1.0 + 1.5 * (1 - loudness)
    tone = sum(np.sin(2 * np.pi * k * f0_hz * t) / k**tilt for k in range(1, 12))
    noise = 0.02 * np.random.default_rng(seed).uniform(-1, 1, len(t))
    return (0.3 * envelope * (tone + noise)).astype(np.float32)


@pytest.fixture(scope="session")
def toy_folder():
    def make(folder):
        folder.mkdir()
        for i in range(36):
            note = toy_note(150.0 * 2 ** (i / 18), 1.2, [0.1, 0.3, 1.0][i % 3], i)
            soundfile.write(folder / f"note-{i:02d}.wav", note, 44_100)

    return shared_folder.made_once("toy", make)


@pytest.fixture(scope="session")
def toy_recipe():
    return RECIPE


@pytest.fixture(scope="session")
def toy_cache(toy_folder):
    """What preparing the toy folder keeps; to be read, or copied and changed."""
    return _prepared(toy_folder, EDGE)


@pytest.fixture(scope="session")
def toy_dataset(toy_folder, toy_cache):
    from ddsp_edge.training.data.dataset import prepare

    return prepare(toy_folder, RECIPE, toy_cache, say=lambda _: None)


@pytest.fixture(scope="session")
def vst_dataset(toy_folder):
    """The same notes at DDSP-VST's rates."""
    from ddsp_edge.training.data.dataset import prepare

    cache = _prepared(toy_folder, VST)
    return prepare(toy_folder, RECIPE, cache, say=lambda _: None, profile=VST)


def _prepared(folder, profile):
    from ddsp_edge.training.data.dataset import prepare

    return shared_folder.made_once(
        f"caches/{profile.name}",  # preparing leaves out what lies beside its cache
        lambda cache: prepare(folder, RECIPE, cache, say=lambda _: None, profile=profile),
    )
