"""Writes a screen for a display of characters (16 x 2, 20 x 4): a screen in, rows of text out.

Rows hold TEXT_LETTERS and BLOCK alone, and are as wide as the display.
"""

from __future__ import annotations

from firmware_py.display.lettering import TEXT_LETTERS, cut
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

BLOCK = "▮"  #: all pixels of a character (255 of the usual character ROM, A00)


def write(screen: Screen, columns: int, rows: int) -> tuple[str, ...]:
    """The rows of a screen, each ``columns`` characters; ``rows`` is 2 or 4."""
    match screen:
        case PlayScreen():
            found = _play(screen, columns, rows)
        case TunerScreen():
            found = _tuner(screen, columns)
        case CodeScreen():
            found = ["Code for the phone", screen.code.center(columns), "", screen.address]
            found = found if rows > 2 else [f"Code  {screen.code}", screen.address]
        case ListScreen():
            found = _list(screen, columns, rows)
        case ValueScreen():
            found = [_sides(screen.title, screen.text, columns), bar(screen.position, columns)]
        case MessageScreen():
            found = [screen.title, *lines(screen.text, columns, rows - 1)]
    return tuple(_row(each, columns) for each in [*found, *[""] * rows][:rows])


def bar(position: float, width: int) -> str:
    """A meter of ``width`` characters, 0 to 1."""
    return (BLOCK * round(width * unit(position))).ljust(width, ".")


def _row(text: str, columns: int) -> str:
    if set(text) <= TEXT_LETTERS | {BLOCK} and len(text) <= columns:
        return text.ljust(columns)
    return cut(text, columns, TEXT_LETTERS).ljust(columns)


def _sides(left: str, right: str, columns: int) -> str:
    """A row with a text at either end; where there is no room for both, both are cut."""
    end = cut(right, columns - 1 - min(len(left), columns // 2), TEXT_LETTERS)
    start = cut(left, columns - len(end) - (1 if end else 0), TEXT_LETTERS)
    return start + end.rjust(columns - len(start))


def _play(screen: PlayScreen, columns: int, rows: int) -> list[str]:
    clip = "!" if screen.clip else ""
    if rows == 2:
        if screen.notice:
            return [screen.title, screen.notice]
        level = bar(screen.output, 5) + (clip or " ")
        model = cut(screen.model, columns - len(level) - 1, TEXT_LETTERS)
        return [screen.title, model.ljust(columns - len(level)) + level]
    half = (columns - 4) // 2
    meters = "i" + bar(screen.input, half) + " o" + bar(screen.output, half) + (clip or " ")
    return [
        screen.title,
        _sides(screen.model, screen.source, columns),
        meters,
        screen.notice or screen.address,
    ]


def _tuner(screen: TunerScreen, columns: int) -> list[str]:
    if not screen.note:
        return ["Tuner".center(columns), scale(None, columns)]
    cents = f"{screen.cents:+.1f} cents" if abs(screen.cents) < 1000.0 else ""
    mark = "*" if abs(screen.cents) <= IN_TUNE_CENTS else "|"
    return [_sides(screen.note, cents, columns), scale(needle(screen.cents), columns, mark)]


def scale(place: float | None, columns: int, mark: str = "|") -> str:
    """The needle's scale; its middle is where both ends are equally far."""
    width = columns - 1 if columns % 2 == 0 else columns
    row = ["-"] * width
    row[0], row[width // 2], row[-1] = "<", "+", ">"
    if place is not None:
        row[round((width - 1) * (place + 1.0) / 2.0)] = mark
    return "".join(row)


def _list(screen: ListScreen, columns: int, rows: int) -> list[str]:
    """The title where there is room for it, and the rows around the chosen one."""
    title = [screen.title] if rows > 2 or not screen.rows else []
    room = rows - len(title)
    top = first_row(screen, room)
    found = []
    for at, row in enumerate(screen.rows[top : top + room], top):
        mark = ">" if at == screen.at else " "
        now = "*" if at == screen.now else " "
        found.append(mark + cut(row, columns - 3, TEXT_LETTERS).ljust(columns - 3) + " " + now)
    return title + found
