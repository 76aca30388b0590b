"""One decoder in one runtime: numbers in, numbers out, without a copy or an allocation a step."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.system.stderr import quiet_stderr
from ddsp_edge.tflite.batching import subgraphs
from ddsp_edge.tflite.runtimes import load_runtime

REMEDY = "`ddsp-edge models check` says more"
_REFUSALS = (RuntimeError, ValueError, KeyError, SystemError)


class Session:
    """A model for ``rows`` voices at once; not thread-safe.

    Write to ``inputs``, call :meth:`step`, read ``outputs``: float32 arrays of shape (rows, size),
    in the order of the names. They are the runtime's own memory, valid while this object lives
    (a model with a loop may move its memory: there they are copies).

    One thread (a frame takes microseconds: a thread's wake-up costs more) and the default
    XNNPACK, measured as the fastest on both runtimes (docs/decoder.md).
    Raises UserError where the runtime refuses the model or the number of rows.
    """

    def __init__(
        self,
        model: bytes,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        runtime: str | None,
        rows: int = 1,
        threads: int = 1,
    ) -> None:
        self.runtime, interpreter_class = load_runtime(runtime)
        self.rows = rows
        try:
            with quiet_stderr():
                interpreter = interpreter_class(model_content=model, num_threads=threads)
                if rows > 1:
                    details = {d["name"]: d for d in interpreter.get_input_details()}
                    for name in inputs:
                        shape = [int(n) for n in details[name]["shape"]]
                        shape[0] *= rows
                        interpreter.resize_tensor_input(details[name]["index"], shape)
                interpreter.allocate_tensors()
            self._interpreter = interpreter
            self._in = self._ends(interpreter.get_input_details(), inputs)
            self.invoke = interpreter.invoke
            self.invoke()  # what is allocated lazily is allocated now; shapes are true from here
            self._out = self._ends(interpreter.get_output_details(), outputs)
            self.bound = subgraphs(model) == 1
            self.inputs = [self._array(*end) for end in self._in]
            self.outputs = [self._array(*end) for end in self._out]
        except _REFUSALS as error:
            raise UserError(
                f"{self.runtime} refuses the model ({_line(error)}); {REMEDY}"
            ) from None

    def _ends(self, details: list[dict[str, Any]], names: tuple[str, ...]) -> list[Any]:
        """(index, shape) of each name. KeyError where there is none."""
        found = {d["name"]: d for d in details}
        if any(found[name]["dtype"] != np.float32 for name in names):
            raise ValueError("its tensors are not float32")
        return [
            (int(found[name]["index"]), tuple(int(n) for n in found[name]["shape"]))
            for name in names
        ]

    def _array(self, index: int, shape: tuple[int, ...]) -> np.ndarray:
        if not shape:
            raise ValueError("one of its tensors has rank 0, a single number instead of a row")
        size = int(np.prod(shape))
        if size == 0 or size % self.rows:
            raise ValueError(f"a tensor of {size} numbers for {self.rows} rows")
        if not self.bound:
            return np.zeros((self.rows, size // self.rows), np.float32)
        # The public view may not be kept: invoke() refuses to run while one is there. The
        # memory behind it stays where it is until tensors are allocated anew, which nobody does.
        view = self._interpreter.tensor(index)()
        address = view.ctypes.data
        del view
        memory = (ctypes.c_float * size).from_address(address)
        return np.ctypeslib.as_array(memory).reshape(self.rows, -1)

    def step(self) -> None:
        """``inputs`` to ``outputs``, in place. Raises UserError where the runtime fails."""
        try:
            if self.bound:
                self.invoke()
                return
            for (index, shape), array in zip(self._in, self.inputs, strict=True):
                self._interpreter.set_tensor(index, array.reshape(shape))
            self.invoke()
            for (index, _), array in zip(self._out, self.outputs, strict=True):
                array[:] = self._interpreter.get_tensor(index).reshape(array.shape)
        except (RuntimeError, ValueError) as error:
            raise UserError(
                f"{self.runtime} cannot run the model ({_line(error)}); {REMEDY}"
            ) from None

    def check_memory(self) -> None:
        """Raise UserError where an input or output has moved or changed its size.

        Arrays of a model without a loop are the runtime's own memory: they would point to what
        was given back. For the trial of a model; it is too slow for playing.
        """
        ends = zip((*self._in, *self._out), (*self.inputs, *self.outputs), strict=True)
        for (index, _), array in ends:
            view = self._interpreter.tensor(index)()
            moved = self.bound and view.ctypes.data != array.ctypes.data
            if view.size != array.size or moved:
                raise UserError("the model moves its tensors or changes their sizes as it plays")

    @property
    def delegated(self) -> bool | None:
        """Whether XNNPACK computes the network; None where the runtime does not say."""
        operators = getattr(self._interpreter, "_get_ops_details", None)
        if operators is None:
            return None
        return any(operator["op_name"] == "DELEGATE" for operator in operators())


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
