"""A model in a runtime: bound memory, rows, and whether XNNPACK computes it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import tflite_runtime_env
import tiny_decoder
from row_decoder import row_model
from tiny_decoder import HARMONICS, NOISE, STATE

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.tflite.batching import with_rows
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.runtimes import usable_runtimes
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

RUNTIMES = usable_runtimes()


def session(model: bytes, runtime: str | None = None, rows: int = 1) -> Session:
    return Session(model, INPUT_NAMES, OUTPUT_NAMES, runtime, rows)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("looping", [False, True])
def test_arrays_are_the_model_s_ends(runtime: str, looping: bool) -> None:
    model = tiny_decoder.looping_model() if looping else tiny_decoder.tiny_model()
    bound = session(model, runtime)
    assert bound.bound is not looping
    assert [a.shape for a in bound.inputs] == [(1, 1), (1, 1), (1, STATE)]
    assert [a.shape for a in bound.outputs] == [(1, 1), (1, HARMONICS), (1, NOISE), (1, STATE)]
    places = [a.ctypes.data for a in (*bound.inputs, *bound.outputs)]
    rng = np.random.default_rng(0)
    for _ in range(50):
        for array in bound.inputs:
            array[:] = rng.uniform(-1, 1, array.shape)
        f0, pw, state = (array[0].copy() for array in bound.inputs)
        bound.step()
        wanted = tiny_decoder.reference_step(tiny_decoder.weights(), f0[0], pw[0], state)
        for output, numbers in zip(bound.outputs, wanted, strict=True):
            np.testing.assert_allclose(output[0], np.atleast_1d(numbers), rtol=1e-5, atol=1e-6)
    assert [a.ctypes.data for a in (*bound.inputs, *bound.outputs)] == places


def test_bound_memory_is_the_runtime_s_own() -> None:
    """After a thousand steps it is still where the runtime's own view says."""
    bound = session(find_model("violin").model)
    for _ in range(1000):
        bound.step()
    for (index, _), array in zip(
        [*bound._in, *bound._out], [*bound.inputs, *bound.outputs], strict=True
    ):
        assert bound._interpreter.tensor(index)().ctypes.data == array.ctypes.data


def test_a_step_allocates_nothing_that_stays() -> None:
    bound = session(find_model("violin").model)
    bound.step()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(100):
            bound.step()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A copy of the outputs alone would be a kilobyte.
    assert now - before < 500
    assert peak - before < 900


@pytest.mark.parametrize("name", ["violin", "cello"])
def test_xnnpack_computes_the_shipped_instruments(name: str) -> None:
    assert session(find_model(name).model).delegated is True
    model = with_rows(find_model(name).model)
    assert model is not None
    assert session(model, None, 4).delegated is True


def test_xnnpack_is_on_under_tflite_runtime(
    tflite_env: tflite_runtime_env.Environment,
) -> None:
    code = (
        "from ddsp_edge.decoding.decoder import Decoder; "
        "from ddsp_edge.library.catalog import find_model; "
        "d = Decoder(find_model('violin'), voices=16); "
        "print(d.rows, [s.delegated for s in d._sessions.values()])"
    )
    assert tflite_env.run("-c", code).stdout.strip() == "(1, 4, 16) [True, True, True]"


def test_a_model_that_allows_no_rows() -> None:
    with pytest.raises(UserError, match="refuses the model"):
        session(row_model(), None, 4)  # its shapes are still fixed


def test_a_file_that_is_none() -> None:
    with pytest.raises(UserError, match="refuses the model"):
        session(b"\x18\0\0\0TFL3" + bytes(100))
