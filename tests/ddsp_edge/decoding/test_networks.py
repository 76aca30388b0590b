"""Which decoder plays a file: C where it agrees with the runtime; the verdict is kept."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.decoding import agreement, networks
from ddsp_edge.decoding.agreement import compare
from ddsp_edge.tflite.network import read_network
from ddsp_edge.tflite.runtimes import RuntimeMissing
from native.decoder import Layer, Network

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "ddsp_edge/models").glob("*.zip"))
FLOAT = ROOT / "tests/golden/violin-float32.tflite"


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    networks.forget()


def unknown_file() -> Bundle:
    """A file of ours on which no verdict is shipped."""
    return replace(read_bundle(ROOT / "ddsp_edge/models/violin.zip"), model=FLOAT.read_bytes())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_verdicts_are_true(path: Path) -> None:
    """Compared anew: within a hundredth of a decibel, and as the file of verdicts says."""
    bundle = read_bundle(path)
    found = compare(bundle, Network(read_network(bundle.model)))
    assert found.worst_db < 0.01 and found.faults == 0
    assert networks.is_known(bundle)
    assert str(networks.judge(bundle)).startswith("C, within 0.000")


def test_a_new_file_is_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = unknown_file()
    assert not networks.is_known(bundle)
    assert networks.network_of(bundle) is not None
    assert len(list(tmp_path.rglob("*.json"))) == 1 and networks.is_known(bundle)
    networks.forget()
    monkeypatch.setattr(agreement, "compare", lambda *_: pytest.fail("compared again"))
    assert networks.network_of(bundle) is not None


def test_a_network_that_differs_is_left_to_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: one weight read wrong is found, and LiteRT plays."""
    bundle, weights = unknown_file(), read_network(FLOAT.read_bytes())
    wrong = weights.harmonics.weights.copy()
    wrong[0] += 0.05
    spoilt = replace(weights, harmonics=Layer(wrong, weights.harmonics.bias))
    monkeypatch.setattr(networks, "read_network", lambda _: spoilt)
    verdict = networks.judge(bundle)
    assert verdict.network is None and str(verdict).startswith("LiteRT, because C would be")
    assert not networks.is_known(bundle)
    poisoned = replace(weights, noise=Layer(weights.noise.weights * np.nan, weights.noise.bias))
    assert math.isinf(compare(bundle, Network(poisoned)).worst_db)


def test_a_foreign_network_is_left_to_the_runtime() -> None:
    verdict = networks.judge(tiny_bundle())
    assert verdict.network is None
    assert "not one of this program's" in str(verdict)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"worst_db": "x"}', "[" * 100_000])
def test_a_broken_record_is_made_anew(content: str) -> None:
    bundle = unknown_file()
    networks.network_of(bundle)
    record = networks._record(networks._digest(bundle))
    record.write_text(content)
    networks.forget()
    assert networks.network_of(bundle) is not None
    assert json.loads(record.read_text())["worst_db"] < 0.05


def test_without_a_runtime_our_own_networks_play(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise RuntimeMissing("none here")

    monkeypatch.setattr(agreement, "compare", missing)
    verdict = networks.judge(unknown_file())
    assert verdict.network is not None and "no TFLite runtime" in str(verdict)


def test_a_shipped_model_needs_no_runtime() -> None:
    """A process that finds, judges and plays one never imports a runtime."""
    program = (
        "import sys\n"
        "from ddsp_edge.decoding.networks import network_of\n"
        "from ddsp_edge.library.catalog import find_model\n"
        "from native.decoder import NetworkDecoder\n"
        "decoder = NetworkDecoder(network_of(find_model('violin')))\n"
        "assert decoder.step(440.0, -20.0).amplitude > 0.0\n"
        "loaded = {'ai_edge_litert', 'tflite_runtime'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
