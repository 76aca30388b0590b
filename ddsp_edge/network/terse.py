"""Parsing of what ``nmcli --terse`` prints. Whatever a network calls itself, it is text here."""

from __future__ import annotations


def fields(line: str) -> list[str]:
    """Split one line of ``nmcli --terse`` at its colons; a backslash keeps what follows it.

    A backslash at the end stands for itself. At least one field, which may be empty.
    """
    found, field, escaped = [], "", False
    for letter in line:
        if escaped:
            field, escaped = field + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == ":":
            found.append(field)
            field = ""
        else:
            field += letter
    return [*found, field + "\\" if escaped else field]


def rows(text: str, count: int) -> list[list[str]]:
    """Return the lines that have ``count`` fields; what nmcli prints besides them is passed over.

    Lines end with a line feed alone: other separators of Unicode may be in a name.
    """
    found = [fields(line) for line in text.split("\n") if line]
    return [row for row in found if len(row) == count]


def pairs(text: str) -> dict[str, str]:
    """Return ``property:value`` lines as a dictionary, as nmcli prints one connection: of these it
    escapes nothing, unlike a table's rows."""
    found = (line.partition(":") for line in text.split("\n"))
    return {name: value for name, colon, value in found if colon}


def escaped(text: str) -> str:
    """Return a field as nmcli writes it in a terse line."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


def ssid_of(digits: str) -> str:
    """Return the name of a network from nmcli's SSID-HEX; "" where it is no text, or none.

    A name is at most 32 bytes, of any value: one that is not UTF-8 cannot be joined from here.
    """
    try:
        raw = bytes.fromhex(digits)
        name = raw.decode("utf-8")
    except ValueError:
        return ""
    return name if 0 < len(raw) <= 32 and name.isprintable() and name.strip() else ""
