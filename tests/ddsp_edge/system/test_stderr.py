"""Libraries that print are kept from the terminal."""

from __future__ import annotations

import os

import pytest

from ddsp_edge.system.stderr import quiet_stderr


def test_quiet_stderr_gives_stderr_back(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, b"hidden")
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
