"""What played last, over kill -9."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from firmware_py.last_state import Memory, Played


def test_at_first_nothing_was_played(tmp_path):
    assert Memory(tmp_path / "state").recall() == Played()


@pytest.mark.parametrize(
    "played",
    [Played('Wärme \'n "Q"', "", ""), Played("", "/a/b.zip", "synth"), Played("A", "x", "effect")],
)
def test_it_comes_back(tmp_path, played):
    Memory(tmp_path / "state").keep(played)
    assert Memory(tmp_path / "state").recall() == played


def test_the_same_is_not_written_again(tmp_path):
    memory = Memory(tmp_path)
    memory.keep(Played("A"))
    before = os.stat(memory.path).st_ino
    memory.keep(Played("A"))
    assert os.stat(memory.path).st_ino == before
    memory.keep(Played("B"))
    assert os.stat(memory.path).st_ino != before  # a new file, moved over the old one


def test_where_it_cannot_be_written_it_says_so(tmp_path):
    (tmp_path / "state").write_text("a file, no folder")
    with pytest.raises(UserError, match=r"last\.toml"):
        Memory(tmp_path / "state").keep(Played("A"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_one_line(tmp_path, data):
    memory = Memory(tmp_path)
    memory.path.write_bytes(data)
    said = ""
    try:
        assert isinstance(memory.recall(), Played)
    except UserError as error:
        said = str(error)
    assert "\n" not in said
