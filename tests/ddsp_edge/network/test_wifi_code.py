"""The text and picture that a phone's camera reads: every name and password comes through."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.network.wifi_code import qr_path, qr_rows, wifi_text

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=32)


def read(text):
    """As a phone reads it: fields by unescaped semicolons, hexadecimal ones as such."""
    assert text.startswith("WIFI:") and text.endswith(";;")
    found, field, escaped = {}, "", False
    for letter in text.removeprefix("WIFI:")[:-1]:
        if escaped or letter not in "\\;":
            field, escaped = field + ("\0" + letter if escaped else letter), False
        elif letter == "\\":
            escaped = True
        else:
            name, _, value = field.partition(":")
            if len(value) > 1 and value[0] == value[-1] == '"':  # an escaped quote has its mark
                value = value[1:-1]
            elif value and all(c in "0123456789abcdefABCDEF" for c in value):
                value = f"hexadecimal {value}"
            found[name] = value.replace("\0", "")
            field = ""
    return found


@given(PRINTABLE, PRINTABLE, st.booleans())
@example("deadbeef", "12345678", False)
@example('a"b;c,d:e\\f', "\\\\;;", True)
@example('"quoted"', '""', False)
def test_name_and_password_come_through(name, password, hidden):
    found = read(wifi_text(name, password, hidden))
    assert (found["T"], found["S"], found["P"]) == ("WPA", name, password)
    assert found.get("H") == ("true" if hidden else None)


@given(PRINTABLE)
def test_an_open_network_has_no_password(name):
    assert read(wifi_text(name)) == {"T": "nopass", "S": name}


def test_the_path_is_the_dark_modules():
    pytest.importorskip("segno", reason="segno is not installed (the extra panel)")
    text = wifi_text("ddsp-edge-1a2b", "abcd2345efgh")
    drawn, picture = qr_rows(text), qr_path(text)
    side = picture["size"]
    assert len(drawn) == side and all(len(row) == side for row in drawn)
    again = [[False] * side for _ in range(side)]
    for part in picture["path"].removeprefix("M").split("M"):
        place, _, length = part.partition("h")
        x, y = map(int, place.split())
        for step in range(int(length.partition("v")[0])):
            assert not again[y][x + step]
            again[y][x + step] = True
    assert again == drawn
    finder = [all(drawn[0][:7]), not any(drawn[1][1:6]), all(drawn[6][:7])]
    assert all(finder)  # the square in the corner


def test_a_decoder_reads_it(tmp_path):
    """OpenCV's, where it is here."""
    cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is not installed")
    numpy = pytest.importorskip("numpy")
    text = wifi_text("Café; 5", 'pass"word\\1')
    dark = numpy.pad(numpy.array(qr_rows(text)), 4)
    picture = numpy.kron(numpy.where(dark, 0, 255).astype("uint8"), numpy.ones((8, 8), "uint8"))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == text


def test_what_is_too_long_is_said():
    pytest.importorskip("segno", reason="segno is not installed (the extra panel)")
    with pytest.raises(UserError, match="too long for a QR code"):
        qr_rows("x" * 5000)
