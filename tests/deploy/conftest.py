"""Devices and wheels of the provisioning tests; run by `make deploy-test`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from overlay_device import OverlayDevice, Unavailable
from wheelhouse import make_wheelhouse


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    try:
        made = OverlayDevice(tmp_path_factory.mktemp("device"))
    except Unavailable as error:
        pytest.skip(f"no device to set up: {error}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    try:
        return make_wheelhouse(tmp_path_factory.mktemp("wheelhouse"))
    except Unavailable as error:
        pytest.skip(f"no wheels: {error}")


@pytest.fixture
def to_device(device, monkeypatch):
    """`ssh device` reaches it."""
    monkeypatch.setenv("DDSP_EDGE_SSH", f"ssh -F {device.config}")
    return device
