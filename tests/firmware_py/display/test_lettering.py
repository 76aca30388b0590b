"""Names in any script, in the letters and the room of a display."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.display import lettering
from firmware_py.display.lettering import ELLIPSIS, OLED_LETTERS, TEXT_LETTERS, cut, spelled


@given(st.text(max_size=60), st.integers(0, 30), st.sampled_from([OLED_LETTERS, TEXT_LETTERS]))
def test_a_line_has_only_letters_of_the_display_and_fits(text, width, letters):
    line = cut(text, width, letters)
    assert set(line) <= letters and len(line) <= width
    whole = spelled(text, letters)
    assert line == whole or (len(whole) > width and len(line) <= width)


@given(st.text(alphabet=sorted(TEXT_LETTERS - {" "}), max_size=40))
def test_what_can_be_printed_stays(text):
    assert spelled(text, TEXT_LETTERS) == text == cut(text, 40, TEXT_LETTERS)


@pytest.mark.parametrize(
    ("text", "oled", "characters"),
    [
        ("Café", "Café", "Cafe"),
        ("Cafe\u0301", "Café", "Cafe"),  # an accent by itself
        ("a\\b~", "a\\b~", "a?b?"),
        (" two\n\twords ", "two words", "two words"),
        ("\x00\ue000", "??", "??"),
    ],
)
def test_without_any_package(text, oled, characters, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anyascii", None)
    assert spelled(text, OLED_LETTERS) == oled
    assert spelled(text, TEXT_LETTERS) == characters


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Скрипка", "Skripka"),
        ("βιολί", "violi"),
        ("バイオリン", "baiorin"),
        ("Straße №5", "Strasse No5"),
        ("naïve \u2013 \u201cx\u201d", 'naive - "x"'),
    ],
)
def test_other_scripts_are_transliterated(text, found):
    pytest.importorskip("anyascii", reason="the extra `display` is not installed")
    assert spelled(text, TEXT_LETTERS) == found


def test_other_scripts_without_the_package_are_question_marks(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anyascii", None)
    assert spelled("Эx", TEXT_LETTERS) == "?x"


def test_what_is_left_out_is_an_ellipsis():
    assert cut("Warm violin", 7, OLED_LETTERS) == "Warm v" + ELLIPSIS
    assert cut("Warm violin", 6, OLED_LETTERS) == "Warm" + ELLIPSIS  # no space before it
    assert cut("Warm violin", 7, TEXT_LETTERS) == "Warm.."
    assert cut("Warm violin", 2, TEXT_LETTERS) == "Wa"
    assert lettering.UNKNOWN in TEXT_LETTERS & OLED_LETTERS
