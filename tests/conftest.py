"""Shared fixtures: no test reads the user's models or runtime choice; real exports are cached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hypothesis
import jack_server
import pytest
import shared_folder
import tflite_runtime_env
import tiny_decoder

from ddsp_edge.bundles.bundle import Bundle, read_bundle, write_bundle

pytest_plugins = ("session_folder", "long_tests", "groups")

# The same examples every time, and no clock: the machine may be busy.
hypothesis.settings.register_profile(
    "ddsp-edge",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ddsp-edge")


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tests remember of models that were tried; processes of the CLI and all workers of
    pytest-xdist share it, as the programs of one user do."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def models_folder(tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, empty, for this test alone."""
    folder = tmp_path / "user-models"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_folder))
    monkeypatch.setenv("DDSP_EDGE_MODELS", str(folder))
    monkeypatch.delenv("DDSP_EDGE_RUNTIME", raising=False)
    return folder


@pytest.fixture
def tiny_path(tmp_path: Path) -> Path:
    """A bundle on disk whose model is :mod:`tiny_decoder`."""
    path = tmp_path / "tiny.zip"
    write_bundle(path, tiny_decoder.tiny_bundle())
    return path


@pytest.fixture(scope="session")
def tflite_env() -> tflite_runtime_env.Environment:
    """tflite-runtime in its own environment; skips where it cannot be had, saying why.

    With DDSP_EDGE_REQUIRE_TFLITE=1 (CI) that is a failure.
    """
    try:
        return tflite_runtime_env.environment()
    except tflite_runtime_env.Unavailable as error:
        if os.environ.get("DDSP_EDGE_REQUIRE_TFLITE") == "1":
            raise
        pytest.skip(f"tflite-runtime: {error}")


class Exports:
    """Real torch decoders as bundles, each made once a session, by whichever worker asks first."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], Bundle] = {}

    def __call__(self, kind: str, quantization: str = "none", arithmetic: str = "float") -> Bundle:
        """``kind``: "edge" (our decoder's full size) or "vst" (DDSP-VST's)."""
        key = (kind, quantization, arithmetic)
        if key not in self._made:
            name = f"exports/{'-'.join(key)}.zip"
            path = shared_folder.made_once(name, lambda path: self._make(path, *key))
            self._made[key] = read_bundle(path)
        return self._made[key]

    def _make(self, path: Path, kind: str, quantization: str, arithmetic: str) -> None:
        from ddsp_edge.training.export.to_tflite import convert, export

        module, info = decoder_and_info(kind)
        info = replace(info, quantization=quantization)
        sizes = info.state_size, info.n_harmonics, info.n_noise
        converted = shared_folder.made_once(
            f"exports/{kind}.converted", lambda path: path.write_bytes(convert(module, *sizes))
        )
        exported = export(
            module,
            *sizes,
            quantization=quantization,
            arithmetic=arithmetic,
            converted=converted.read_bytes(),
        )
        write_bundle(path, Bundle(info, exported.model, tiny_decoder.CARD))


def decoder_and_info(kind: str) -> tuple[Any, Any]:
    """A seeded torch decoder that sounds, and what a bundle says of it."""
    import torch

    if kind == "vst":
        from ddsp_edge.training.networks.vst_model import sounding_vst_decoder

        vst = {"profile": "vst", "sample_rate": 16000, "frame_rate": 50.0, "frame_size": 1024}
        sizes = {"n_harmonics": 60, "n_noise": 65, "state_size": 512}
        return sounding_vst_decoder(), replace(tiny_decoder.INFO, name="Seeded", **vst, **sizes)
    from ddsp_edge.training.networks.model import EdgeDecoder, FrameDecoder

    torch.manual_seed(1)
    trained = EdgeDecoder()
    with torch.no_grad():  # as strongly driven as a trained one, so that rounding shows
        for name, parameter in trained.named_parameters():
            if parameter.dim() == 2:
                parameter.mul_(2.0 if name.startswith("gru") else 3.0)
    shape = trained.shape
    return FrameDecoder(trained).eval(), replace(
        tiny_decoder.INFO,
        name="Edge",
        n_harmonics=shape.n_harmonics,
        n_noise=shape.n_noise,
        state_size=shape.state_size,
    )


@pytest.fixture(scope="session")
def exports() -> Exports:
    pytest.importorskip("litert_torch", reason="exporting needs the extra `train`")
    pytest.importorskip("ai_edge_quantizer", reason="exporting needs the extra `train`")
    return Exports()


@dataclass(frozen=True)
class JackCard:
    """A paced sound card (see jack_server), set up in this process's environment."""

    pcm: str  #: for playback and capture
    rate: int
    period: int
    env: dict[str, str]  #: for programs that are started with an environment of their own
    server: jack_server.JackServer

    def overloads(self) -> int:
        """Times that the driver itself was late: xruns that are not ours."""
        return self.server.overloads()


@pytest.fixture(scope="session")
def _jack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[jack_server.JackServer]:
    server = jack_server.JackServer(tmp_path_factory.mktemp("jack"))
    try:
        server.start()
    except jack_server.Unavailable as error:
        pytest.skip(str(error))
    problem = jack_server.pcm_opens(server.env)
    if problem is not None:
        server.stop()
        pytest.skip(problem)
    yield server
    server.stop()


@pytest.fixture
def jack_card(_jack_server: jack_server.JackServer, monkeypatch: pytest.MonkeyPatch) -> JackCard:
    """The session's card; skips, saying why, where jackd or ALSA's plug-in is missing."""
    for name, value in _jack_server.env.items():
        monkeypatch.setenv(name, value)
    return JackCard("jk", _jack_server.rate, _jack_server.period, _jack_server.env, _jack_server)
