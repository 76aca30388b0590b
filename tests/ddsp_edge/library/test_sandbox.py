"""The trial in a process of its own: it names what goes wrong there, and always ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_decoder
from tiny_decoder import tiny_bundle, tiny_model, weights

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.sandbox import try_model


def _write(path: Path, model: bytes) -> Path:
    write_bundle(path, replace(tiny_bundle(), model=model))
    return path


def test_a_good_model(tiny_path: Path) -> None:
    assert try_model(tiny_path) == "litert"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        try_model(tmp_path / "no.zip")


def test_a_loop_without_end(tmp_path: Path) -> None:
    path = _write(tmp_path / "loop.zip", tiny_decoder.looping_model(turns=2**31 - 1))
    with pytest.raises(UserError, match="still running after 3 s"):
        try_model(path, timeout_s=3.0)


def test_levels_that_no_sound_has(tmp_path: Path) -> None:
    w = weights()
    w.head_bias[:] = 20.0
    with pytest.raises(UserError, match="no sound has that"):
        try_model(_write(tmp_path / "loud.zip", tiny_model(w)))


def test_frames_that_are_not_numbers(tmp_path: Path) -> None:
    w = weights()
    w.head_bias[:] = np.float32(200.0)
    with pytest.raises(UserError, match="50 of 50 frames are not numbers"):
        try_model(_write(tmp_path / "nan.zip", tiny_model(w)))


def test_a_runtime_that_is_not_there(tiny_path: Path) -> None:
    with pytest.raises(UserError, match="choose one of"):
        try_model(tiny_path, "onnx")
