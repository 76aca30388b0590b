"""What nmcli prints, whatever networks and connections are called."""

from hypothesis import example, given
from hypothesis import strategies as st

from ddsp_edge.network.terse import escaped, fields, pairs, rows, ssid_of

#: A line feed ends a line; nmcli writes it in no field of a table that we ask for.
TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=20)


@given(st.lists(TEXT, min_size=1, max_size=6))
@example(["a:b", "c\\", "\\:", ""])
@example(["\u2028", "\r", "\x85"])
def test_what_is_escaped_is_read_back(names):
    assert fields(":".join(map(escaped, names))) == names


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    assert all(isinstance(each, str) for each in fields(text)) and fields(text)
    assert all(len(row) == 3 for row in rows(text, 3))
    assert pairs(text) is not None


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2).filter(any), max_size=6))
def test_a_table_is_its_rows(table):
    text = "".join(":".join(map(escaped, row)) + "\n" for row in table)
    assert rows(text, 2) == table
    assert rows("Warning: not a row\n" + text, 2)[-len(table) or None :] == (
        table or rows("Warning: not a row\n", 2)
    )


def test_a_value_is_what_it_is():
    """As nmcli 1.52 said it of a network called so (tests/image/test_radios.py)."""
    text = "connection.id:Home\n802-11-wireless.ssid:Home: 5\\x\n"
    assert pairs(text) == {"connection.id": "Home", "802-11-wireless.ssid": "Home: 5\\x"}


@given(st.binary(max_size=40))
def test_the_name_of_a_network_is_text_of_32_bytes_or_none(raw):
    name = ssid_of(raw.hex().upper())
    assert name == "" or (name.encode() == raw and len(raw) <= 32 and name.isprintable())


def test_names_that_people_give():
    assert ssid_of("Café: 5 GHz".encode().hex()) == "Café: 5 GHz"
    assert [ssid_of(text) for text in ("", "zz", "ff", "00" * 8, "20", "61" * 33)] == [""] * 6
