"""The text and the QR code with which a phone joins a Wi-Fi network or opens a page."""

from __future__ import annotations

from typing import Any

from ddsp_edge.errors import UserError

#: What the WIFI: text gives a meaning; a backslash before it takes that away.
SPECIAL = '\\;,":'


def wifi_text(name: str, password: str = "", hidden: bool = False) -> str:
    """Return the ``WIFI:`` text of a network, as phones' cameras read it; without a password it is
    an open one. WPA covers WPA2 and WPA3."""
    kind = "WPA" if password else "nopass"
    parts = [f"T:{kind}", f"S:{_escaped(name)}"]
    if password:
        parts.append(f"P:{_escaped(password)}")
    if hidden:
        parts.append("H:true")
    return f"WIFI:{';'.join(parts)};;"


def _escaped(text: str) -> str:
    kept = "".join("\\" + letter if letter in SPECIAL else letter for letter in text)
    # What looks like a hexadecimal number would be taken for one: in quotes it is text.
    digits = bool(text) and all(letter in "0123456789abcdefABCDEF" for letter in text)
    return f'"{kept}"' if digits else kept


def qr_rows(text: str) -> list[list[bool]]:
    """Return the modules of the QR code of a text, row by row, True for dark; without its margin.

    Error correction is the lowest (7 %): the code is for a screen. Raises UserError where the
    package segno is missing or the text is too long for a code.
    """
    try:
        import segno
    except ImportError:
        raise UserError("segno is not installed; pip install 'ddsp-edge[panel]'") from None
    try:
        code = segno.make(text, error="l", micro=False, boost_error=False)
    except (ValueError, segno.DataOverflowError):
        raise UserError(f"{text[:40]}: too long for a QR code; shorten the name") from None
    return [[bool(module) for module in row] for row in code.matrix]


def qr_path(text: str) -> dict[str, Any]:
    """Return ``{"size", "path"}``: the side of a text's QR code in modules, and its dark modules as
    the data of an SVG path. Raises UserError as :func:`qr_rows`."""
    rows = qr_rows(text)
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length or 1
    return {"size": len(rows), "path": "".join(parts)}
