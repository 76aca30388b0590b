"""Draws a screen for an OLED of 128 x 64 pixels: a screen in, a picture of one bit a pixel out.

Text is Pillow's built-in bitmap font, 6 x 11 pixels a character; large text doubles its pixels, so
a picture is the same to the bit whatever the machine.
"""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw, ImageFont

from firmware_py.display.lettering import ELLIPSIS, OLED_LETTERS, cut, spelled
from firmware_py.display.screens import (
    IN_TUNE_CENTS,
    CodeScreen,
    ListScreen,
    MessageScreen,
    PlayScreen,
    Screen,
    TunerScreen,
    ValueScreen,
    first_row,
    lines,
    needle,
    unit,
)

SIZE = 128, 64
CELL = 6, 11  #: of a character
COLUMNS = SIZE[0] // CELL[0]
ROW = 13  #: of a list: a character and a pixel above and below
ROOM = 4  #: rows of a list below its title
ON, OFF = 255, 0


def draw(screen: Screen) -> Image.Image:
    """The picture of a screen, of mode "1" and SIZE."""
    page = _Canvas()
    match screen:
        case PlayScreen():
            _play(page, screen)
        case TunerScreen():
            _tuner(page, screen)
        case CodeScreen():
            _code(page, screen)
        case ListScreen():
            _list(page, screen)
        case ValueScreen():
            _value(page, screen)
        case MessageScreen():
            _message(page, screen)
    return page.image


@cache
def _font() -> ImageFont.ImageFont:
    return ImageFont.load_default_imagefont()


class _Canvas:
    def __init__(self) -> None:
        self.image = Image.new("1", SIZE, OFF)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self, x: int, y: int, text: str, ink: int = ON, scale: tuple[int, int] = (1, 1)
    ) -> None:
        """Draw a line that is spelled already, with its upper left corner there."""
        if not text:
            return
        strip = Image.new("1", (CELL[0] * len(text), CELL[1]), OFF)
        pen = ImageDraw.Draw(strip)
        pen.text((0, 0), text.replace(ELLIPSIS, " "), fill=ON, font=_font())
        for at, each in enumerate(text):
            if each == ELLIPSIS:  # the font has none
                pen.point([(CELL[0] * at + x, 8) for x in (0, 2, 4)], fill=ON)
        size = strip.width * scale[0], strip.height * scale[1]
        self.image.paste(ink, (x, y), strip.resize(size, Image.Resampling.NEAREST))

    def middle(self, y: int, text: str, scale: tuple[int, int] = (1, 1)) -> None:
        """Draw a line in the middle of the width."""
        width = CELL[0] * scale[0] * len(text) - scale[0]
        self.text((SIZE[0] - width) // 2, y, text, scale=scale)

    def box(self, x: int, y: int, width: int, height: int, ink: int = ON) -> None:
        if width > 0 and height > 0:
            self.draw.rectangle((x, y, x + width - 1, y + height - 1), fill=ink)

    def bar(self, y: int, height: int, position: float) -> None:
        """A meter over the whole width, in a frame."""
        self.draw.rectangle((0, y, SIZE[0] - 1, y + height - 1), outline=ON)
        self.box(2, y + 2, round((SIZE[0] - 4) * unit(position)), height - 4)


def _line(text: str, width: int = COLUMNS) -> str:
    return cut(text, width, OLED_LETTERS)


def _large(page: _Canvas, y: int, text: str) -> None:
    """Draw a name 22 pixels high: wide where it fits, else narrow."""
    whole = spelled(text, OLED_LETTERS)
    if len(whole) * CELL[0] * 2 - 2 <= SIZE[0]:
        page.text(0, y, whole, scale=(2, 2))
    else:
        page.text(0, y, _line(text), scale=(1, 2))


def _sides(page: _Canvas, y: int, left: str, right: str) -> None:
    end = _line(right, COLUMNS - 4) if right else ""
    page.text(SIZE[0] - CELL[0] * len(end), y, end)
    page.text(0, y, _line(left, COLUMNS - len(end) - (1 if end else 0)))


def _play(page: _Canvas, screen: PlayScreen) -> None:
    _large(page, 0, screen.title)
    _sides(page, 22, screen.model, screen.source)
    page.bar(34, 7, screen.output)
    if screen.clip:
        page.box(118, 34, 10, 7)
    for at in range(0, round(128 * unit(screen.input)), 2):  # the input: a dotted line above it
        page.draw.point((at, 32), fill=ON)
    _foot(page, screen)


def _foot(page: _Canvas, screen: PlayScreen) -> None:
    if screen.notice:
        page.box(0, 42, SIZE[0], 11)
        page.text(1, 42, _line(screen.notice), OFF)
    page.text(0, 53, _line(screen.address))


def _tuner(page: _Canvas, screen: TunerScreen) -> None:
    note = _line(screen.note, 4) or "-"
    page.middle(0, note, (2, 2))
    if screen.note:
        cents = f"{screen.cents:+.1f}" if abs(screen.cents) < 1000.0 else ""
        page.text(SIZE[0] - CELL[0] * len(cents), 0, cents)
        page.text(SIZE[0] - CELL[0] * 5, 11, "cents")
    middle, reach, y = SIZE[0] // 2, 60, 46
    page.draw.line((middle - reach, y, middle + reach, y), fill=ON)
    for cents_at in range(-50, 51, 10):
        x = middle + reach * cents_at // 50
        page.draw.line((x, y, x, y + (8 if cents_at % 50 == 0 else 4)), fill=ON)
    if not screen.note:
        return
    if abs(screen.cents) <= IN_TUNE_CENTS:
        page.box(middle - 6, 28, 13, 15)
    x = middle + round(reach * needle(screen.cents))
    page.draw.polygon([(x, y - 2), (x - 4, 28), (x + 4, 28)], fill=ON, outline=ON)


def _code(page: _Canvas, screen: CodeScreen) -> None:
    page.middle(0, "Code for the phone")
    code = _line(screen.code, 10)
    page.middle(18, code, (2, 2))
    page.middle(53, _line(screen.address))


def _list(page: _Canvas, screen: ListScreen) -> None:
    page.box(0, 0, SIZE[0], CELL[1])
    page.text(1, 0, _line(screen.title), OFF)
    top = first_row(screen, ROOM)
    for at, row in enumerate(screen.rows[top : top + ROOM], top):
        y = 12 + ROW * (at - top)
        if at == screen.now:
            page.box(1, y + 4, 4, 4)
        page.text(8, y + 1, _line(row, COLUMNS - 2))
        if at == screen.at:
            page.draw.rectangle((6, y, SIZE[0] - 4, y + ROW - 1), outline=ON)
    if len(screen.rows) > ROOM:  # how far down the list is
        height = max(4, 52 * ROOM // len(screen.rows))
        y = 12 + (52 - height) * top // (len(screen.rows) - ROOM)
        page.box(SIZE[0] - 2, y, 2, height)


def _value(page: _Canvas, screen: ValueScreen) -> None:
    page.box(0, 0, SIZE[0], CELL[1])
    page.text(1, 0, _line(screen.title), OFF)
    page.middle(18, _line(screen.text, 10), (2, 2))
    page.bar(48, 10, screen.position)


def _message(page: _Canvas, screen: MessageScreen) -> None:
    _large(page, 0, screen.title)
    for at, line in enumerate(lines(screen.text, COLUMNS, 3)):
        page.text(0, 27 + 12 * at, _line(line))
