"""A shipped model on a 32-bit board: the C decoder compiled for ARMv7, run by QEMU's user mode.

LiteRT has no wheel there; the decoder needs none.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.tflite.network import read_network
from native.decoder import Network, NetworkDecoder, NetworkWeights

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPILER, EMULATOR = "arm-linux-gnueabihf-gcc", "qemu-arm"


@pytest.fixture(scope="module", params=[["-mfpu=neon"], ["-mfpu=vfpv3-d16"]], ids=["neon", "vfp"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    absent = [name for name in (COMPILER, EMULATOR) if shutil.which(name) is None]
    if absent:
        pytest.skip(
            f"{' and '.join(absent)} not found: apt-get install gcc-arm-linux-gnueabihf "
            "libc6-dev-armhf-cross qemu-user"
        )
    out = tmp_path_factory.mktemp("armv7") / "decode"
    flags = ["-std=c11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-static", "-Wno-psabi"]
    sources = [HERE / "decode.c", *sorted((ROOT / "native/src/decoder").glob("*.c"))]
    includes = [f"-I{ROOT / 'native/include'}", f"-I{ROOT / 'native/src'}"]
    command = [COMPILER, *flags, *request.param, *includes, *map(str, sources)]
    made = subprocess.run([*command, "-lm", "-o", str(out)], capture_output=True, text=True)
    if "No such file" in made.stderr and "ddsp_" not in made.stderr:
        pytest.skip("the cross compiler has no C library: apt-get install libc6-dev-armhf-cross")
    assert made.returncode == 0, made.stderr
    return out


def as_bytes(w: NetworkWeights, frames: np.ndarray) -> bytes:
    sizes = [w.n_harmonics, w.n_noise, w.state_size, *(len(x.bias) for x in w.layers)]
    sizes += [len(w.merge[0].bias), len(frames)]
    scalars = [*w.pitch, *w.loudness, w.leak, *w.gain, *w.amplitude_limits, *w.noise_limits]
    layers = [*w.layers, *w.gates, *w.merge, w.amplitude, w.harmonics, w.noise]
    arrays = [np.array(sizes, "<i4"), np.array(scalars, "<f4")]
    arrays += [np.asarray(a, "<f4") for each in layers for a in (each.weights, each.bias)]
    return b"".join(a.tobytes() for a in [*arrays, frames.astype("<f4")])


@pytest.mark.parametrize("name", ["violin", "trombone"])
def test_a_shipped_model_plays_as_here(program: Path, name: str) -> None:
    weights = read_network(read_bundle(ROOT / f"ddsp_edge/models/{name}.zip").model)
    rng = np.random.default_rng(3)
    frames = np.stack([rng.uniform(60, 1500, 200), rng.uniform(-80, 0, 200)], axis=1)
    done = subprocess.run(
        [EMULATOR, str(program)], input=as_bytes(weights, frames), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    found = np.frombuffer(done.stdout, "<f4").reshape(len(frames), -1)
    decoder = NetworkDecoder(Network(weights))
    for row, (f0_hz, loudness_db) in zip(found, frames.astype(np.float32), strict=True):
        controls = decoder.step(float(f0_hz), float(loudness_db))
        n = weights.n_harmonics
        np.testing.assert_allclose(row[0], controls.amplitude, rtol=1e-3, atol=1e-8)
        np.testing.assert_allclose(row[1 : 1 + n], controls.harmonic_distribution, rtol=2e-3)
        np.testing.assert_allclose(row[1 + n :], controls.noise_magnitudes, rtol=1e-3, atol=1e-8)
