"""What an OLED shows, compared with golden pictures to the bit, and whatever a screen holds."""

from __future__ import annotations

import pytest
from hypothesis import given

Image = pytest.importorskip("PIL.Image", reason="the extra `display` is not installed")
pytest.importorskip("anyascii", reason="the extra `display` is not installed")
from display_screens import GOLDEN, SCREENS, SHEET, sheet  # noqa: E402
from display_screens_any import ANY_SCREEN  # noqa: E402

from firmware_py.display.picture import SIZE, draw  # noqa: E402
from firmware_py.display.screens import ListScreen, PlayScreen  # noqa: E402


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_its_golden_picture(name):
    with Image.open(GOLDEN / f"{name}.png") as golden:
        assert golden.mode == "1" and golden.size == SIZE
        assert draw(SCREENS[name]).tobytes() == golden.tobytes()


def test_every_golden_picture_has_a_screen():
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(SCREENS)


def test_the_picture_of_the_documentation_shows_them():
    with Image.open(SHEET) as there:
        assert there.convert("RGB").tobytes() == sheet().convert("RGB").tobytes()


@given(ANY_SCREEN)
def test_every_screen_is_a_picture_of_the_displays_size(screen):
    picture = draw(screen)
    assert picture.mode == "1" and picture.size == SIZE


def test_the_meter_grows_with_the_level():
    bars = [draw(PlayScreen("A", output=level / 10)).crop((2, 36, 126, 39)) for level in range(11)]
    widths = [(bar.getbbox() or (0, 0, 0, 0))[2] for bar in bars]
    assert widths == sorted(widths) and widths[0] == 0 and widths[10] == 124


def test_the_chosen_row_of_a_long_list_is_seen():
    for at in range(30):
        marked = draw(ListScreen("x", ("",) * 30, at)).crop((6, 12, 125, 64))
        box = marked.getbbox()
        assert box is not None and box[3] - box[1] == 13, at
