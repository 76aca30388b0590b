"""The hotspot's password: random, kept, given by the config; nothing damaged stops the box."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from firmware_py.config_files import NetworkConfig
from firmware_py.network.network_manager import octal
from firmware_py.network.own_hotspot import LETTERS, OwnHotspot, read_hotspot, write_hotspot


def test_two_boxes_have_two_and_each_keeps_its_own(tmp_path):
    one, other = (read_hotspot(tmp_path / name) for name in ("a", "b"))
    assert one.password != other.password and one.mode == "auto"
    assert set(one.password) <= set(LETTERS) and len(one.password) == 12
    assert read_hotspot(tmp_path / "a") == one
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_the_configs_password_takes_precedence_and_the_wish_stays(tmp_path):
    write_hotspot(tmp_path / "a", OwnHotspot("abcdefgh", "hotspot"))
    assert read_hotspot(tmp_path / "a", "on stage 5") == OwnHotspot("on stage 5", "hotspot")
    assert read_hotspot(tmp_path / "a") == OwnHotspot("on stage 5", "hotspot")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100) | st.just(b'{"password": "short", "mode": "what"}'))
def test_a_damaged_file_is_made_anew(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    found = read_hotspot(tmp_path / "a")
    assert 8 <= len(found.password) <= 63 and read_hotspot(tmp_path / "a") == found


@pytest.mark.parametrize("password", ["short", "x" * 64, "umläute123", "line\nfeed"])
def test_a_password_that_wi_fi_does_not_take_is_refused(password):
    with pytest.raises(UserError, match="8 to 63"):
        NetworkConfig(password=password)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=63))
def test_the_password_file_has_no_letter_with_a_meaning(password):
    written = octal(password)
    assert all(letter.isalnum() or letter == "\\" for letter in written)
    assert written.encode().decode("unicode_escape") == password
