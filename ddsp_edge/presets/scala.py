"""Scala's tuning files: scales (.scl) and keyboard maps (.kbm), to the pitch of each MIDI key.

Both come from anywhere, so every line is checked. The formats are those of Scala's own pages:
lines that begin with ``!`` are comments, and what follows the first word of a line is one too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited

MAX_FILE_BYTES = 64 * 1024
MAX_DEGREES = 1024
MAX_CENTS = 120_000.0  #: a hundred octaves
LONGEST_WORD = 40
KEYS = 128
#: MIDI notes that the pitch of a key may have; others stay silent.
LOWEST_PITCH, HIGHEST_PITCH = -20.0, 140.0

#: The MIDI note (in fractions) that each of 128 keys plays; None: the key is silent.
KeyPitches = tuple[float | None, ...]


@dataclass(frozen=True)
class Scale:
    """A scale in cents above its first note, which is not listed; the last one is its period."""

    description: str
    cents: tuple[float, ...]

    def cents_of(self, degree: int) -> float:
        """Cents of any degree, 0 for the first note, also below it and beyond the period."""
        periods, within = divmod(degree, len(self.cents))
        return periods * self.cents[-1] + (self.cents[within - 1] if within else 0.0)


@dataclass(frozen=True)
class KeyboardMap:
    """Which degree of a scale each key plays."""

    first: int = 0  #: keys outside of first..last are silent
    last: int = KEYS - 1
    middle: int = 60  #: the key at which ``degrees`` begin
    reference: int = 60  #: the key that has ``reference_hz``
    reference_hz: float = 440.0 * 2.0 ** ((60 - 69) / 12)
    octave_degree: int = 0  #: by which degree the map repeats; 0: by the scale's period
    degrees: tuple[int | None, ...] = ()  #: None: not mapped; empty: every key is the next degree


def _lines(data: bytes | str) -> list[tuple[int, str]]:
    """The lines that are no comments, with their numbers; bytes are Latin 1, as the archive of
    scales is."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if not line.lstrip().startswith("!")
    ]


def without_comments(data: bytes) -> str:
    """The text of a file without comments and control characters: it means the same."""
    kept = (
        "".join(c if c.isprintable() else " " for c in line).rstrip() for _, line in _lines(data)
    )
    return "\n".join(kept) + "\n"


class _Lines:
    """The lines of a file that are no comments. Errors name the file and the line."""

    def __init__(self, data: bytes | str, where: str) -> None:
        self.where, self._at = where, 0
        self._lines = _lines(data)

    def next(self, what: str) -> str:
        if self._at == len(self._lines):
            raise UserError(f"{self.where}: ends before {what}; the file is not whole")
        self._at += 1
        return self._lines[self._at - 1][1]

    @property
    def more(self) -> bool:
        """Whether a line that is not blank is left."""
        return any(line.strip() for _, line in self._lines[self._at :])

    def word(self, what: str) -> str:
        words = self.next(what).split()
        if not words:
            raise self.wrong("is empty", what)
        if len(words[0]) > LONGEST_WORD:
            raise self.wrong("is too long", what)
        return words[0]

    def degree(self) -> int | None:
        """Take a line with a degree; None where it is x, not mapped."""
        word = self.word("a degree")
        return None if word in "xX" else self._whole(word, "a degree", 0, MAX_DEGREES)

    def whole(self, what: str, low: int, high: int) -> int:
        return self._whole(self.word(what), what, low, high)

    def _whole(self, word: str, what: str, low: int, high: int) -> int:
        number = int(word) if _is_whole(word) else None
        if number is None or not low <= number <= high:
            raise self.wrong(f"{word!r} is not a whole number from {low} to {high}", what)
        return number

    def wrong(self, problem: str, what: str) -> UserError:
        return UserError(f"{self.where}: line {self._lines[self._at - 1][0]}: {what} {problem}")


def _is_whole(word: str) -> bool:
    return word.isascii() and word.removeprefix("-").isdecimal() and len(word) <= 12


def parse_scl(data: bytes | str, where: str) -> Scale:
    """Parse a scale. Raises UserError, one line that begins with ``where``."""
    lines = _Lines(data, where)
    description = lines.next("the description").strip()
    size = lines.whole("the number of notes", 1, MAX_DEGREES)
    cents = tuple(_cents(lines) for _ in range(size))
    if cents[-1] <= 0.0:
        raise lines.wrong("is not above the first note", "the last note, which is the period,")
    return Scale(" ".join(description.split())[:200], cents)


def _cents(lines: _Lines) -> float:
    """A pitch: cents where it has a point, else a ratio."""
    what = "a pitch"
    word = lines.word(what)
    if "." in word:
        digits = word.removeprefix("-").removeprefix("+").replace(".", "", 1)
        if not (digits.isascii() and digits.isdecimal()):
            raise lines.wrong(f"{word!r} is no number of cents", what)
        cents = float(word)
    else:
        over, slash, under = word.partition("/")
        if not _is_whole(over) or (slash and not _is_whole(under)):
            raise lines.wrong(f"{word!r} is no ratio such as 3/2", what)
        if int(over) <= 0 or (slash and int(under) <= 0):
            raise lines.wrong(f"{word!r} is not above 0", what)
        cents = 1200.0 * math.log2(int(over) / (int(under) if slash else 1))
    if not abs(cents) <= MAX_CENTS:
        raise lines.wrong(f"{word!r} is further away than {MAX_CENTS:g} cents", what)
    return cents


def parse_kbm(data: bytes | str, where: str) -> KeyboardMap:
    """Parse a keyboard map. Raises UserError, one line that begins with ``where``."""
    lines = _Lines(data, where)
    size = lines.whole("the size of the map", 0, MAX_DEGREES)
    first = lines.whole("the first key", 0, KEYS - 1)
    last = lines.whole("the last key", 0, KEYS - 1)
    middle = lines.whole("the middle key", 0, KEYS - 1)
    reference = lines.whole("the reference key", 0, KEYS - 1)
    word = lines.word("the reference frequency")
    try:
        reference_hz = float(word)
    except ValueError:
        reference_hz = math.nan
    if not 1.0 <= reference_hz <= 20_000.0:
        raise lines.wrong(f"{word!r} is not 1 to 20000 Hz", "the reference frequency")
    octave = lines.whole("the degree of the octave", 0, MAX_DEGREES)
    degrees: list[int | None] = []
    while len(degrees) < size and lines.more:
        degrees.append(lines.degree())
    degrees += [None] * (size - len(degrees))  # Scala's own rule
    return KeyboardMap(first, last, middle, reference, reference_hz, octave, tuple(degrees))


def key_pitches(scale: Scale, keyboard: KeyboardMap | None = None, where: str = "") -> KeyPitches:
    """The pitch of each key, against A4 = 440 Hz (the setting ``tuning`` moves all of them).

    Without a map key 60 is the first note, at its usual pitch, and each key is the next degree.
    Raises UserError, which begins with ``where``, for a map whose reference key is silent.
    """
    keyboard = keyboard or KeyboardMap()
    reference = _cents_of_key(scale, keyboard, keyboard.reference)
    if reference is None:
        raise UserError(f"{where}: its reference key {keyboard.reference} is not mapped; map it")
    base = 69.0 + 12.0 * math.log2(keyboard.reference_hz / 440.0) - reference / 100.0

    def pitch(key: int) -> float | None:
        cents = _cents_of_key(scale, keyboard, key)
        if cents is None or not keyboard.first <= key <= keyboard.last:
            return None
        found = base + cents / 100.0
        return found if LOWEST_PITCH <= found <= HIGHEST_PITCH else None

    return tuple(pitch(key) for key in range(KEYS))


def _cents_of_key(scale: Scale, keyboard: KeyboardMap, key: int) -> float | None:
    steps = key - keyboard.middle
    if not keyboard.degrees:
        return scale.cents_of(steps)
    octaves, within = divmod(steps, len(keyboard.degrees))
    degree = keyboard.degrees[within]
    if degree is None:
        return None
    octave = scale.cents_of(keyboard.octave_degree or len(scale.cents))
    return octaves * octave + scale.cents_of(degree)


def read_key_pitches(scale: Path | str, keyboard: Path | str | None = None) -> KeyPitches:
    """Read a scale and, where there is one, a keyboard map. Raises UserError, one line."""
    found = parse_scl(read_limited(scale, MAX_FILE_BYTES), str(scale))
    if keyboard is None:
        return key_pitches(found)
    mapped = parse_kbm(read_limited(keyboard, MAX_FILE_BYTES), str(keyboard))
    return key_pitches(found, mapped, str(keyboard))
