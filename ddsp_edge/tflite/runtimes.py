"""The two TFLite runtimes behind one door: LiteRT, and tflite-runtime where it has no wheel."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
from typing import Any

import numpy as np

from ddsp_edge.errors import UserError

#: Name to (module with the Interpreter, the command that installs it); the first that loads wins.
RUNTIMES: dict[str, tuple[str, str]] = {
    "litert": ("ai_edge_litert.interpreter", "pip install ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "pip install 'tflite-runtime' 'numpy<2'"),
}
ENVIRONMENT = "DDSP_EDGE_RUNTIME"


class RuntimeMissing(UserError):
    """A runtime cannot be used here; the message says why and what mends it."""


def _load(name: str) -> Any:
    """The Interpreter class of a runtime. Raises RuntimeMissing."""
    module, command = RUNTIMES[name]
    if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        # Its compiled part needs NumPy 1's ABI: it imports, then fails at the first model.
        with contextlib.suppress(ImportError):
            if importlib.util.find_spec("tflite_runtime") is not None:
                raise RuntimeMissing(
                    f"{name} needs numpy<2 and {np.__version__} is installed: {command}"
                )
    try:
        return importlib.import_module(module).Interpreter
    except (ImportError, AttributeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RuntimeMissing(f"{name} cannot be loaded ({reason}): {command}") from None


def wants_runtime(name: str | None = None) -> bool:
    """Whether somebody asks for a runtime, by name or by $DDSP_EDGE_RUNTIME."""
    return bool(name or os.environ.get(ENVIRONMENT))


def load_runtime(name: str | None = None) -> tuple[str, Any]:
    """(name, Interpreter class) of ``name``, of $DDSP_EDGE_RUNTIME, or of the first that loads.

    Raises UserError for an unknown name or when none can be used.
    """
    wanted = name or os.environ.get(ENVIRONMENT) or None
    if wanted is not None:
        if wanted not in RUNTIMES:
            source = "runtime" if name else f"${ENVIRONMENT}"
            raise UserError(f"{source} {wanted!r}: choose one of {', '.join(RUNTIMES)}")
        return wanted, _load(wanted)
    reasons = []
    for candidate in RUNTIMES:
        try:
            return candidate, _load(candidate)
        except RuntimeMissing as error:
            reasons.append(str(error))
    raise RuntimeMissing("no TFLite runtime can be used; " + "; or ".join(reasons))


def usable_runtimes() -> list[str]:
    """The names of the runtimes that load here. Raises UserError where none does."""
    names = []
    for name in RUNTIMES:
        with contextlib.suppress(RuntimeMissing):
            names.append(load_runtime(name)[0])
    return names or [load_runtime()[0]]
