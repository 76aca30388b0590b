"""The trial in a process of its own: it names what goes wrong there, and always ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_decoder
from tiny_decoder import tiny_bundle, tiny_model, weights

from ddsp_edge.bundles.bundle import METADATA, MODEL, Bundle, write_bundle
from ddsp_edge.bundles.metadata import parse_metadata
from ddsp_edge.errors import UserError
from ddsp_edge.library import sandbox
from ddsp_edge.library.catalog import find_model, shipped_folder
from ddsp_edge.library.sandbox import try_bundle, try_model
from ddsp_edge.system.safe_zip import SafeZip

CASES = Path(__file__).parents[1] / "bundles" / "cases"


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
    with pytest.raises(UserError, match=r"(\d+) of \1 frames are not numbers"):
        try_model(_write(tmp_path / "nan.zip", tiny_model(w)))


def test_a_runtime_that_is_not_there(tiny_path: Path) -> None:
    with pytest.raises(UserError, match="choose one of"):
        try_model(tiny_path, "onnx")


def unchecked(name: str) -> Bundle:
    """A case that the check of the file refuses, as if it had passed."""
    archive = SafeZip((CASES / name).read_bytes())
    return Bundle(parse_metadata(archive.read(METADATA)), archive.read(MODEL))


def test_a_model_whose_output_moves_in_memory() -> None:
    with pytest.raises(UserError, match=r"moves its tensors|returns"):
        try_bundle(unchecked("dyn100000.zip"))


def test_a_model_that_takes_800_mb_for_one_high_note() -> None:
    with pytest.raises(UserError, match=r"do not use it"):
        try_bundle(unchecked("dyn200000000.zip"))


def test_a_model_whose_loop_does_not_end_for_high_notes() -> None:
    with pytest.raises(UserError, match="still running after 4 s"):
        try_bundle(unchecked("loopbomb.zip"), timeout_s=4.0)


def test_a_tensor_of_rank_0_is_one_clear_line() -> None:
    with pytest.raises(UserError, match=r"^\S*case3408.zip: litert refuses .*rank 0") as caught:
        find_model(CASES / "case3408.zip")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", sorted(shipped_folder().glob("*.zip")), ids=lambda p: p.stem)
def test_the_shipped_models_pass(path: Path) -> None:
    assert try_model(path) == "litert"


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no trial can be started."""

    def stop() -> None:
        monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
        monkeypatch.setattr(sandbox, "_passed", set())

    return stop


def test_a_model_is_tried_once_and_a_changed_one_again(
    tmp_path: Path, models_folder: Path, no_child
) -> None:
    models_folder.mkdir()
    path = _write(models_folder / "one.zip", tiny_model(weights(seed=71)))
    assert find_model("one").path == path
    assert len(list((models_folder / ".tried").iterdir())) == 1
    no_child()
    find_model("one")  # as after a new start: the record beside the model says it
    _write(path, tiny_model(weights(seed=72)))
    with pytest.raises(UserError, match=r"one\.zip"):
        find_model("one")
    find_model("violin")  # comes with the program


def test_where_nothing_can_be_written_a_model_is_tried_once_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    path = _write(tmp_path / "one.zip", tiny_model(weights(seed=73)))
    find_model(path)
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    find_model(path)


def test_a_hostile_model_is_tried_before_it_is_rendered(tmp_path: Path) -> None:
    from ddsp_edge.offline.rendering import render

    w = weights()
    w.head_bias[:] = 20.0
    path = _write(tmp_path / "loud.zip", tiny_model(w))
    with pytest.raises(UserError, match="no sound has that"):
        render(CASES.parents[1] / "midi" / "cases" / "m00-plain.mid", path)
