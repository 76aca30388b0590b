"""Networks in reach as nmcli tells of them, and passwords that can be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from firmware_py.network.seen import (
    RadioState,
    SeenNetwork,
    checked_join,
    lock_of,
    radio_state,
    seen_networks,
)


def line(name, signal, security):
    return f"{name.encode().hex().upper()}:{signal}:{security}\n"


def test_each_name_once_where_it_is_heard_best():
    text = line("Home", 40, "WPA2") + line("Café: 1", 90, "") + line("Home", 70, "WPA1 WPA2")
    assert seen_networks(text + ":55:WPA2\nFF:80:WPA2\n00:x:WPA2\n") == [
        SeenNetwork("Café: 1", 90, "open"),
        SeenNetwork("Home", 70, "wpa"),
    ]


@pytest.mark.parametrize(
    ("security", "lock"),
    [("", "open"), ("--", "open"), ("WEP", "wep"), ("WPA1", "wpa"), ("WPA2", "wpa"),
     ("WPA2 WPA3", "wpa"), ("WPA3", "sae"), ("WPA2 802.1X", "enterprise")],
)  # fmt: skip
def test_locks(security, lock):
    assert lock_of(security) == lock


@given(st.text(max_size=200))
def test_any_text_is_a_list(text):
    found = seen_networks(text)
    assert all(0 <= each.signal <= 100 and each.name for each in found)
    assert isinstance(radio_state(text), RadioState)


def test_the_radio_that_is_managed_counts():
    text = (
        "eth0:ethernet:connected:u1\nwlan1:wifi:unmanaged:\nwlan0:wifi:connected:u2\n"
        "p2p-dev-wlan0:wifi-p2p:disconnected:\nlo:loopback:unmanaged:\n"
    )
    assert radio_state(text) == RadioState("wlan0", "connected", "u2", cable=True)
    assert radio_state("wlan1:wifi:unmanaged:\n") == RadioState("wlan1", "unmanaged")
    assert radio_state("eth0:ethernet:unavailable:\n") == RadioState()


@pytest.mark.parametrize(
    ("name", "password", "lock", "says"),
    [
        ("", "12345678", "wpa", "no name"),
        ("x" * 33, "12345678", "wpa", "no name"),
        ("a\nb", "12345678", "wpa", "no name"),
        ("Home", "1234567", "wpa", "8 to 63"),
        ("Home", "x" * 64, "wpa", "8 to 63"),
        ("Home", "", "wpa", "8 to 63"),
        ("Home", "pässwort1", "wpa", "letters that Wi-Fi does not know"),
        ("Home", "12345678\n", "wpa", "letters that Wi-Fi does not know"),
        ("Home", "12345678", "open", "no password"),
        ("Work", "12345678", "enterprise", "802.1X"),
        ("Old", "12345678", "wep", "WEP"),
    ],
)
def test_what_cannot_be_right_is_said_before_the_hotspot_closes(name, password, lock, says):
    with pytest.raises(UserError, match=says) as error:
        checked_join(name, password, lock)
    assert "\n" not in str(error.value) and (not password or password not in str(error.value))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63))
def test_every_other_password_is_tried(password):
    checked_join("Home", password, "wpa")
    checked_join("Home", "a0" * 32, "wpa")
    checked_join("Home", "", "open")
