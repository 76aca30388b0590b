"""Runs tests/alsa in a kernel that has a sequencer and cards to pull out."""

from __future__ import annotations

import sys

import pytest
import uml

COMMAND = ["env", "DDSP_EDGE_TEST_CARDS=1", sys.executable, "-m", "pytest"]
OPTIONS = ["-q", "-p", "no:cacheprovider", "--color=no", "tests/alsa"]


@pytest.mark.skipif(bool(uml.missing()), reason=f"tests/alsa: {uml.missing()}")
def test_real_sequencer_and_cards() -> None:
    try:
        code, said = uml.run([*COMMAND, *OPTIONS])
    except uml.Unavailable as error:
        pytest.skip(str(error))
    print(said)
    assert code == 0, said
