"""What the display can show, without saying how: each screen is a value that is compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlayScreen:
    """What plays. Levels are positions on the meter, 0 (-60 dBFS) to 1 (full scale)."""

    title: str  #: the preset, or the model where none plays
    model: str = ""
    source: str = ""
    input: float = 0.0
    output: float = 0.0
    clip: bool = False
    notice: str = ""  #: what needs to be known now; "" for nothing
    address: str = ""  #: of the box in its network


@dataclass(frozen=True, slots=True)
class TunerScreen:
    """The tuner: the nearest note ("" for silence) and how far from it, in cents."""

    note: str = ""
    cents: float = 0.0
    steady: bool = False


@dataclass(frozen=True, slots=True)
class CodeScreen:
    """The pairing code that a phone asks for, and where the panel is."""

    code: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ListScreen:
    """A page of the menu: rows, the one that the knob is at, the one that is in use now."""

    title: str
    rows: tuple[str, ...]
    at: int = 0
    now: int = -1  #: -1: none of them


@dataclass(frozen=True, slots=True)
class ValueScreen:
    """A value that the knob turns; ``position`` is 0 to 1 of its range."""

    title: str
    text: str
    position: float


@dataclass(frozen=True, slots=True)
class MessageScreen:
    """A sentence: what is being done, what went wrong."""

    title: str
    text: str = ""


Screen = PlayScreen | TunerScreen | CodeScreen | ListScreen | ValueScreen | MessageScreen

IN_TUNE_CENTS = 3.0
NEEDLE_CENTS = 50.0  #: the ends of the needle's scale


def first_row(screen: ListScreen, room: int) -> int:
    """The row that a list begins with, so that ``room`` rows show the one that is chosen."""
    most = max(0, len(screen.rows) - room)
    return min(most, max(0, screen.at - room // 2))


def lines(text: str, width: int, room: int) -> list[str]:
    """``text`` in at most ``room`` lines, broken at spaces where they fit ``width``.

    The last one may be longer: it is cut where it is drawn.
    """
    found: list[str] = []
    words = text.split()
    while words and len(found) < room - 1:
        line = words.pop(0)
        while words and len(line) + 1 + len(words[0]) <= width:
            line += " " + words.pop(0)
        found.append(line)
    return found + ([" ".join(words)] if words else [])


def unit(position: float) -> float:
    """A position between 0 and 1; 0 for NaN."""
    return max(0.0, min(1.0, position)) if position == position else 0.0


def needle(cents: float) -> float:
    """The needle's place, -1 to 1; 0 for NaN."""
    return max(-1.0, min(1.0, cents / NEEDLE_CENTS)) if cents == cents else 0.0
