"""Benchmark of one frame through each installed network on each available runtime."""

from __future__ import annotations

from pathlib import Path

from ddsp_edge.bench.checkout import ROOT
from ddsp_edge.bench.result import Result, against, best_s
from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.decoding.networks import network_of
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library.catalog import entries, find_model
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.runtimes import usable_runtimes
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from native import decoder as kernel_decoder
from native.decoder import Network

A_NOTE = FeatureFrame(0.0, 330.0, -20.0)
GOAL_C_US = 1.0  #: of one frame in the C decoder
GOAL_OVERHEAD_US = 30.0  #: of Python around one invocation


def results(peers: dict[str, float]) -> list[Result]:
    """Every installed model; float32 twins where this is a checkout that has them."""
    found: list[Result] = []
    peer = peers.get("gru512_us")
    for runtime in usable_runtimes():
        for entry in entries():
            if entry.info is None:
                continue
            bundle = find_model(entry.path)
            if (network := network_of(bundle)) is not None and runtime == usable_runtimes()[0]:
                found.append(against(f"C decoder, one frame: {entry.name}", c_step_us(network),
                                     "us", "goal", GOAL_C_US))  # fmt: skip
            us = step_us(Decoder(bundle, runtime), bundle)
            name = f"decoder, one frame: {entry.name}, {entry.info.quantization}, {runtime}"
            found.append(
                against(name, us, "us", "GRU-512 float32", peer) if peer else Result(name, us, "us")
            )
            bare = invoke_us(bundle.model, runtime)
            found.append(against(f"  of that, Python around it: {entry.name}", max(us - bare, 0.1),
                                 "us", "goal", GOAL_OVERHEAD_US))  # fmt: skip
        for path in sorted((ROOT / "tests/golden").glob("*-float32.tflite")):
            us = invoke_us(path.read_bytes(), runtime)
            found.append(Result(f"bare invocation: {_name(path)}, float32, {runtime}", us, "us"))
    return found


def _name(path: Path) -> str:
    return path.stem.removesuffix("-float32")


def c_step_us(network: Network) -> float:
    """One frame of the C decoder, as the audio callback runs it: without Python."""
    return kernel_decoder.time_steps(network, 200, 20) * 1e6


def step_us(decoder: Decoder, bundle: Bundle) -> float:
    """Microseconds of one ``Decoder.step``, as the engine calls it, all Python included."""
    controls = ControlFrame(bundle.info.n_harmonics, bundle.info.n_noise)

    def steps() -> None:
        for _ in range(100):
            decoder.step(A_NOTE, controls)

    return best_s(steps, 20) / 100 * 1e6


def invoke_us(model: bytes, runtime: str, repeats: int = 20) -> float:
    """Microseconds of one bare invocation on ``runtime``, the best of ``repeats``."""
    session = Session(model, INPUT_NAMES, OUTPUT_NAMES, runtime)

    def invocations() -> None:
        for _ in range(100):
            session.invoke()

    return best_s(invocations, repeats) / 100 * 1e6
