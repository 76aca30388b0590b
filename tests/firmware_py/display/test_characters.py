"""What displays of characters show: golden text, and whatever a screen holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PIL", reason="the extra `display` is not installed")
pytest.importorskip("anyascii", reason="the extra `display` is not installed")
from display_screens import GOLDEN, TEXT_SIZES, text_of
from display_screens_any import ANY_SCREEN

from firmware_py.display.characters import BLOCK, bar, scale, write
from firmware_py.display.lettering import TEXT_LETTERS
from firmware_py.display.screens import TunerScreen


@pytest.mark.parametrize(("columns", "rows"), TEXT_SIZES)
def test_all_screens_are_the_golden_text(columns, rows):
    assert text_of(columns, rows) == (GOLDEN / f"{columns}x{rows}.txt").read_text("utf-8")


@given(ANY_SCREEN, st.sampled_from([*TEXT_SIZES, (16, 4), (20, 2)]))
def test_every_screen_fills_the_display_with_what_it_can_print(screen, size):
    columns, rows = size
    found = write(screen, columns, rows)
    assert len(found) == rows and {len(row) for row in found} == {columns}
    assert set("".join(found)) <= TEXT_LETTERS | {BLOCK}


def test_the_needle_stands_in_the_middle_and_at_both_ends():
    for columns in (16, 20):
        places = [scale(at, columns).index("|") for at in (-1.0, 0.0, 1.0)]
        assert places[0] == 0 and places[2] - places[1] == places[1]
    assert "*" in write(TunerScreen("A4", 2.9), 16, 2)[1]
    assert "|" in write(TunerScreen("A4", -3.1), 16, 2)[1]


def test_a_meter_is_between_nothing_and_all():
    assert bar(-1.0, 4) == bar(float("nan"), 4) == "...."
    assert bar(0.5, 4) == BLOCK * 2 + ".." and bar(7.0, 4) == BLOCK * 4
