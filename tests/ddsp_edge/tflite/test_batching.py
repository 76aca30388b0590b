"""Files that may be played in rows, and those that may not."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_decoder
from row_decoder import row_model
from tiny_decoder import STATE, reference_step, weights

from ddsp_edge.library.catalog import find_model
from ddsp_edge.tflite.batching import subgraphs, with_rows
from ddsp_edge.tflite.check import check_tflite
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES


@pytest.mark.parametrize("rows", [1, 3, 16])
def test_each_row_is_what_it_is_alone(rows: int) -> None:
    model = with_rows(row_model())
    assert model is not None
    session = Session(model, INPUT_NAMES, OUTPUT_NAMES, None, rows)
    rng = np.random.default_rng(rows)
    for array in session.inputs:
        array[:] = rng.uniform(-1, 1, array.shape)
    given = [array.copy() for array in session.inputs]
    session.step()
    for row in range(rows):
        f0, pw, state = (array[row] for array in given)
        wanted = reference_step(weights(), float(f0[0]), float(pw[0]), state)
        for output, numbers in zip(session.outputs, wanted, strict=True):
            np.testing.assert_allclose(output[row], np.atleast_1d(numbers), rtol=1e-5, atol=1e-6)


def test_the_file_stays_the_same_but_for_its_shapes() -> None:
    before = row_model()
    after = with_rows(before)
    assert after is not None and len(after) == len(before)
    assert check_tflite(after).operators == check_tflite(before).operators
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    assert 0 < len(changed) <= 4 * 7  # seven RESHAPEs


@pytest.mark.parametrize("model", [tiny_decoder.tiny_model(), tiny_decoder.looping_model()])
def test_rows_that_would_meet_are_refused(model: bytes) -> None:
    assert with_rows(model) is None


@pytest.mark.parametrize("name", ["violin", "cello"])
def test_the_shipped_instruments_allow_it(name: str) -> None:
    assert with_rows(find_model(name).model) is not None


def test_a_loop_is_more_than_one_subgraph() -> None:
    assert subgraphs(tiny_decoder.tiny_model()) == 1
    assert subgraphs(tiny_decoder.looping_model()) == 3


def test_what_is_no_file_at_all() -> None:
    assert with_rows(bytes(100)) is None
    assert with_rows(row_model()[: STATE * 40]) is None
