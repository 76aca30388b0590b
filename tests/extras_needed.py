"""Skips where an extra is not installed, without importing what takes seconds to import."""

from __future__ import annotations

import importlib.util

import pytest


def skip_without_trainer() -> None:
    """Skip the module (or the test) where the extra `train` is not installed.

    pytest.importorskip would import litert_torch: eight seconds of each worker, for all that it
    only collects.
    """
    if importlib.util.find_spec("litert_torch") is None:
        pytest.skip("the extra `train` is not installed", allow_module_level=True)
