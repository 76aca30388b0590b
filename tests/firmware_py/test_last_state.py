"""What played last, over kill -9."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from firmware_py.last_state import LastPlayed, LastState


def test_at_first_nothing_was_played(tmp_path):
    assert LastState(tmp_path / "state").read() == LastPlayed()


@pytest.mark.parametrize(
    "played",
    [
        LastPlayed('Wärme \'n "Q"', "", ""),
        LastPlayed("", "/a/b.zip", "synth"),
        LastPlayed("A", "x", "effect"),
    ],
)
def test_it_comes_back(tmp_path, played):
    LastState(tmp_path / "state").write(played)
    assert LastState(tmp_path / "state").read() == played


def test_the_same_is_not_written_again(tmp_path):
    memory = LastState(tmp_path)
    memory.write(LastPlayed("A"))
    before = os.stat(memory.path).st_ino
    memory.write(LastPlayed("A"))
    assert os.stat(memory.path).st_ino == before
    memory.write(LastPlayed("B"))
    assert os.stat(memory.path).st_ino != before  # a new file, moved over the old one


def test_where_it_cannot_be_written_it_says_so(tmp_path):
    (tmp_path / "state").write_text("a file, no folder")
    with pytest.raises(UserError, match=r"last\.toml"):
        LastState(tmp_path / "state").write(LastPlayed("A"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_one_line(tmp_path, data):
    memory = LastState(tmp_path)
    memory.path.write_bytes(data)
    said = ""
    try:
        assert isinstance(memory.read(), LastPlayed)
    except UserError as error:
        said = str(error)
    assert "\n" not in said
