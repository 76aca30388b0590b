"""The exporter: the file says what the module says, or there is no file."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import extras_needed
import numpy as np
import pytest
from conftest import Exports, decoder_and_info

from ddsp_edge.errors import UserError
from ddsp_edge.tflite.check import check_tflite
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from ddsp_edge.training.export.drift import check_track, measure, play

torch = pytest.importorskip("torch", reason="the exporter needs the extra `train`")
extras_needed.skip_without_trainer()

from ddsp_edge.training.export.to_tflite import LIMITS, convert, export, tflite_step, torch_step  # noqa: E402
from ddsp_edge.training.networks.vst_model import GruStep, VstDecoder, sounding_vst_decoder  # noqa: E402

SMALL = {"channels": 16, "state_size": 24, "n_harmonics": 10, "n_noise": 8}


def _export(module: torch.nn.Module, **options: object) -> object:
    options = {"quantization": "none", "steps": 60, **options}
    return export(module, 24, 10, 8, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def converted() -> bytes:
    """The small decoder before quantization."""
    return convert(sounding_vst_decoder(**SMALL), 24, 10, 8)


@pytest.fixture(scope="module")
def exported(converted: bytes) -> Any:
    return _export(sounding_vst_decoder(**SMALL), converted=converted)


def test_names_shapes_and_numbers(exported: Any) -> None:
    model = check_tflite(exported.model)
    assert list(model.inputs) == list(INPUT_NAMES)
    assert [model.outputs[name].shape for name in OUTPUT_NAMES] == [(1,), (10,), (8,), (24,)]
    assert exported.report.drift.within(LIMITS["none", "float"])
    assert exported.report.size_bytes == len(exported.model)


def test_the_same_module_gives_the_same_file_and_is_left_as_it_was(exported: Any) -> None:
    module = sounding_vst_decoder(**SMALL).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert _export(module).model == exported.model
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_file_is_written_whole_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], converted: bytes
) -> None:
    path = tmp_path / "m.tflite"
    module = sounding_vst_decoder(**SMALL)
    exported = _export(module, quantization="int8", path=path, converted=converted)
    assert exported.model == path.read_bytes()
    assert capfd.readouterr().out == ""


@functools.cache
def torch_plays(kind: str) -> tuple[int, list[np.ndarray]]:
    """State size and what the torch decoder plays along the check track."""
    module, info = decoder_and_info(kind)
    return info.state_size, play(torch_step(module), check_track(1000), info.state_size)


@pytest.mark.parametrize("kind", ["edge", "vst"])
@pytest.mark.parametrize(
    ("quantization", "arithmetic"),
    [("none", "float"), ("float16", "float"), ("int8", "float"), ("int8", "int8")],
)
def test_a_thousand_recurrent_steps_stay_within_the_limit(
    exports: Exports, kind: str, quantization: str, arithmetic: str
) -> None:
    state_size, wanted = torch_plays(kind)
    step = tflite_step(exports(kind, quantization, arithmetic).model)
    frames = zip(*wanted, strict=True)
    drift = measure(lambda *_: next(frames), step, state_size, check_track(1000))
    assert drift.within(LIMITS[quantization, arithmetic]), drift
    assert drift.amplitude_db <= 0.2
    assert drift.harmonics_db <= 0.2
    assert drift.noise_db <= 0.2


def test_per_channel_scales_would_be_refused(
    monkeypatch: pytest.MonkeyPatch, converted: bytes
) -> None:
    """With the quantizer's usual recipe there is an error, not a file that sounds wrong."""
    from ai_edge_quantizer import quantizer

    from ddsp_edge.training.export import to_tflite as module

    def usual(model: bytes, quantization: str, arithmetic: str) -> bytes:
        recipe = {
            "regex": ".*",
            "operation": "FULLY_CONNECTED",
            "algorithm_key": "min_max_uniform_quantize",
            "op_config": {
                "weight_tensor_config": {
                    "num_bits": 8,
                    "symmetric": True,
                    "granularity": "CHANNELWISE",
                    "dtype": "INT",
                },
                "compute_precision": "INTEGER",
                "explicit_dequantize": False,
                "skip_checks": False,
                "min_weight_elements": 0,
            },
        }
        return bytes(quantizer.Quantizer(bytearray(model), [recipe]).quantize().quantized_model)

    monkeypatch.setattr(module, "quantize", usual)
    with pytest.raises(ValueError, match="per-channel"):
        _export(sounding_vst_decoder(**SMALL), quantization="int8", converted=converted)


def test_a_file_that_strays_is_refused(monkeypatch: pytest.MonkeyPatch, converted: bytes) -> None:
    from ddsp_edge.training.export import to_tflite as module

    def other(model: bytes, quantization: str, arithmetic: str) -> bytes:
        """Another module's weights: as if the conversion had gone wrong."""
        pool = np.frombuffer(model, np.uint8).copy()
        weights = pool[len(pool) // 2 :].view(np.uint8)
        floats = weights[: len(weights) // 4 * 4].view(np.float32)
        plausible = (np.abs(floats) > 1e-3) & (np.abs(floats) < 2)
        floats[plausible] *= np.float32(1.2)
        return pool.tobytes()

    monkeypatch.setattr(module, "quantize", other)
    with pytest.raises(ValueError, match="strays too far"):
        _export(sounding_vst_decoder(**SMALL), converted=converted)


class _WrongShape(VstDecoder):
    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return super().forward(*inputs)[::-1]


def test_a_module_of_another_shape() -> None:
    with pytest.raises(ValueError, match=re.escape("returns shapes [(24,), (8,), (10,), (1,)]")):
        _export(_WrongShape(**SMALL))


class _Stuck(VstDecoder):
    """Hands its state back as it got it: one tensor with two names."""

    def forward(
        self, f0_scaled: torch.Tensor, pw_scaled: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        return *super().forward(f0_scaled, pw_scaled, state)[:3], state


def test_a_module_that_hands_an_input_back() -> None:
    with pytest.raises(ValueError, match="an input is also an output"):
        _export(_Stuck(**SMALL))


def test_an_unknown_quantization() -> None:
    with pytest.raises(UserError, match="int4"):
        _export(sounding_vst_decoder(**SMALL), quantization="int4")


def test_the_gru_of_dense_layers_is_torch_s_gru() -> None:
    torch.manual_seed(3)
    reference, ours = torch.nn.GRU(5, 7), GruStep(5, 7)
    with torch.no_grad():
        ours.from_input.weight.copy_(reference.weight_ih_l0)
        ours.from_input.bias.copy_(reference.bias_ih_l0)
        ours.from_state.weight.copy_(reference.weight_hh_l0)
        ours.from_state.bias.copy_(reference.bias_hh_l0)
        x, h = torch.randn(20, 1, 5), torch.zeros(1, 7)
        wanted, _ = reference(x)
        for i in range(20):
            h = ours(x[i], h)
            assert torch.allclose(h, wanted[i], atol=1e-6)


def test_ddsp_vst_s_size() -> None:
    """1.87 million weights make the 7.5 MB that DDSP-VST's files have."""
    assert sum(p.numel() for p in VstDecoder().parameters()) == pytest.approx(7.5e6 / 4, rel=0.01)
