"""Two boxes have two names, and a box keeps its own."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.network.box_name import MOST_BYTES, network_name, own_digits


@pytest.fixture
def digits(tmp_path):
    def of(serial=None, machine_id=None):
        for name, text in (("serial", serial), ("id", machine_id)):
            (tmp_path / name).unlink(missing_ok=True)
            if text is not None:
                (tmp_path / name).write_bytes(text)
        return own_digits(tmp_path / "serial", tmp_path / "id")

    return of


def test_the_boards_serial_number_counts_first(digits):
    assert digits(b"10000000A1b2C3d4\0", b"abc\n") == "c3d4"


@pytest.mark.parametrize(
    "serial", [None, b"", b"\0", b"0000000000000000\0", b"none", b"\xff\xfe12"]
)
def test_without_one_the_machine_id_does_and_is_not_told(digits, serial):
    own = b"0123456789abcdef0123456789abcdef"
    found = digits(serial, own + b"\n")
    assert found == hashlib.sha256(b"ddsp-edge " + own).hexdigest()[:4]
    assert digits(serial, b"f" + own[1:]) != found
    assert digits(serial, None) == ""


def test_the_hotspot_has_them_once():
    assert network_name("ddsp-edge-c3d4", "c3d4") == "ddsp-edge-c3d4"
    assert network_name("ddsp-1a2b", "c3d4") == "ddsp-1a2b"  # the card image's
    assert network_name("violin.lan", "c3d4") == "violin-c3d4"
    assert network_name("", "c3d4") == "ddsp-edge-c3d4"


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=64), st.sampled_from(["", "c3d4"])
)
def test_a_network_takes_every_such_name(host, own):
    name = network_name(host, own)
    assert 1 <= len(name.encode()) <= MOST_BYTES
    assert name.endswith(own) or name[-5] == "-"
