"""Names and messages in any script, in letters that a display has and in the room that it has."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
#: What Pillow's built-in bitmap font can show of Latin-1, and the ellipsis, which we draw.
OLED_LETTERS = frozenset([*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA1, 0x100)), ELLIPSIS])
OLED_LETTERS -= {"\xad"}
#: Every HD44780, whatever its character ROM: ASCII without backslash and tilde, which the usual
#: ROM (A00) shows as yen and an arrow.
TEXT_LETTERS = frozenset(map(chr, range(0x20, 0x7E))) - {"\\"}
UNKNOWN = "?"


def _ascii(text: str) -> str:
    """A transliteration; without the package anyascii, accents are dropped and that is all."""
    try:
        from anyascii import anyascii
    except ImportError:
        apart = unicodedata.normalize("NFKD", text)
        return "".join(each for each in apart if not unicodedata.combining(each))
    return str(anyascii(text))


def spelled(text: str, letters: frozenset[str]) -> str:
    """``text`` as one line of ``letters``: others are transliterated, else ``?``.

    Control characters and runs of white space become one space.
    """
    found = []
    for each in unicodedata.normalize("NFC", " ".join(text.split())):
        if each in letters:
            found.append(each)
        elif unicodedata.category(each) in ("Cc", "Cs", "Co", "Cn"):
            found.append(UNKNOWN)
        elif unicodedata.combining(each) or unicodedata.category(each) == "Cf":
            continue  # an accent without a letter of ours, a mark of direction: not to be seen
        else:
            other = [c if c in letters else UNKNOWN for c in " ".join(_ascii(each).split())]
            found += other or [UNKNOWN]
    return "".join(found)


def cut(text: str, width: int, letters: frozenset[str]) -> str:
    """``text`` spelled in at most ``width`` characters; what is left out is an ellipsis."""
    line = spelled(text, letters)
    if len(line) <= width:
        return line
    mark = ELLIPSIS if ELLIPSIS in letters else ".."
    if width <= len(mark):
        return line[:width]
    return line[: width - len(mark)].rstrip() + mark
