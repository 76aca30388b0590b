"""Decibels, one way and back; constants that C has too."""

import re
from pathlib import Path

import numpy as np
import pytest

from ddsp_edge.units import FULL_SCALE, VOICED_CONFIDENCE, db_to_gain, gain_to_db

NATIVE = Path(__file__).parents[2] / "native" / "src"


def test_a_number_gives_a_float_and_an_array_an_array():
    assert type(db_to_gain(-6.0)) is float and type(db_to_gain(-6)) is float
    assert db_to_gain(-20.0) == pytest.approx(0.1)
    levels = np.array([-40.0, 0.0, 6.0], np.float32)
    assert db_to_gain(levels).dtype == np.float64
    assert np.allclose(gain_to_db(db_to_gain(levels)), levels)


def test_nobody_writes_the_conversion_by_hand():
    by_hand = re.compile(r"\b10(\.0)? ?\*\* ?\([^\n]*/ ?20(\.0)?\)")
    root = Path(__file__).parents[2]
    #: Of a tensor, and the formula in a comment.
    allowed = {"units.py", "augmentation.py", "model.py"}
    for path in sorted((root / "ddsp_edge").rglob("*.py")):
        assert path.name in allowed or not by_hand.search(path.read_text()), path


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("rig/mixer.c", "FULL_SCALE", FULL_SCALE),
        ("analysis/analyser.c", "TRUSTED", VOICED_CONFIDENCE),
    ],
)
def test_the_kernel_has_the_same_constants(path, name, value):
    found = re.search(rf"#define {name}\s+([0-9.]+)f", (NATIVE / path).read_text())
    assert found and float(found[1]) == value
